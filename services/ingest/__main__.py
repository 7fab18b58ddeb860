from services.ingest.app import build_service

if __name__ == "__main__":
    build_service().run()
