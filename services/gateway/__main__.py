from services.gateway.app import build_app

build_app().run()
