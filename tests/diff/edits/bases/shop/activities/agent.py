from dataclasses import dataclass


@dataclass
class Turn:
    text: str
    tokens: int = 0


async def run_turn(conversation: str, number: int, model: str = "small") -> Turn:
    return Turn(text=conversation)


async def store_turn(conversation: str, turn: Turn) -> None:
    print(turn.text)
