from libs.service import main
from services.gateway.app import build_app

main("gateway", build_app)
