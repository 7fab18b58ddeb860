from services.packager.app import build_app

build_app().run()
