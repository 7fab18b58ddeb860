from libs.service import main
from services.packager.app import build_app

main("packager", build_app)
