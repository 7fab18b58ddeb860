from libs.service import main
from services.ingest.app import build_app

main("ingest", build_app)
