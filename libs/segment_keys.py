"""Where the store has what a session is made of."""


def session_folder(tenant: str, stream: str, session: str) -> str:
    return f"segments/{tenant}/{stream}/{session}"


def folder(tenant: str, stream: str, session: str, rendition: str) -> str:
    """Of a rendition. Its init segments lie there whoever made them; of its segments, those that a
    packager cut. What a job made lies where its row says.
    """
    return f"{session_folder(tenant, stream, session)}/{rendition}"


def segment_key(folder: str, msn: int) -> str:
    return f"{folder}/{msn}.m4s"


def init_key(folder: str, config_id: str) -> str:
    return f"{folder}/init-{config_id}.mp4"
