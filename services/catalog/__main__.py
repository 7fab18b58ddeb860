from libs.service import main
from services.catalog.app import build_app

main("catalog", build_app)
