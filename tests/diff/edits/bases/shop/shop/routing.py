from shop.geo import Place


def route(vehicle: str, speed: float = 50.0, start: Place | None = None) -> dict[str, float]:
    return {"x": 0.0, "y": speed}
