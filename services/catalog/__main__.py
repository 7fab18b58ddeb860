from services.catalog.app import build_app

build_app().run()
