"""The least that an answer of FastAPI costs: `bare_api.py PORT`."""

import sys
from typing import Any

import uvicorn
from fastapi import FastAPI

app = FastAPI()


@app.get("/api/v1/streams/{stream_id}")
async def read(stream_id: str) -> dict[str, Any]:
    return {"id": stream_id, "is_live": False, "item": {"name": "bench"}}


if __name__ == "__main__":
    uvicorn.run(app, port=int(sys.argv[1]), log_level="error", access_log=False)
