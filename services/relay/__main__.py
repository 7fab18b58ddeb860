from libs.service import main
from services.relay.app import build_app

main("relay", build_app)
