from libs.service import main
from services.transcoder.app import build_app

main("transcoder", build_app)
