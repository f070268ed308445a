"""FastAPI around `model.predict`: the server that most tutorials end with.

python bench/serve_peers/keras_fastapi.py MODEL.keras PORT
"""

from __future__ import annotations

import os
import sys

os.environ.setdefault("KERAS_BACKEND", "tensorflow")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np
import uvicorn
from fastapi import FastAPI, Request

app = FastAPI()
model = keras.saving.load_model(sys.argv[1])


@app.post("/predict")
async def predict(request: Request) -> dict[str, list[list[float]]]:
    images = np.frombuffer(await request.body(), np.uint8).reshape(-1, 28, 28, 1)
    return {"probabilities": model.predict(images / 255.0, verbose=0).tolist()}


@app.get("/health")
async def health() -> str:
    return "ok"


if __name__ == "__main__":
    uvicorn.run(app, host="127.0.0.1", port=int(sys.argv[2]), log_level="warning")
