"""Edits by hand, one of each kind that a comparison once judged wrongly, and their opposites."""

from __future__ import annotations

from tests.diff.edits.edit import Edit, edit

Q = "queues.yaml"
ORDERS, MODELS, FLOWS = "activities/orders.py", "shop/models.py", "shop/flows.py"
PAY, AGENT, ERRORS = "activities/payments.py", "activities/agent.py", "shop/errors.py"

EDITS: list[Edit] = [
    # A hand-written workflow: its activities, their order, code it imports
    edit(
        "class: an activity it calls is removed",
        "breaking",
        (Q, "      store_turn: {}\n", ""),
        codes=("activity-removed",),
    ),
    edit(
        "class: the function of an activity is removed",
        "breaking",
        (AGENT, "async def store_turn", "async def keep_turn"),
    ),
    edit(
        "class: parameters in another order",
        "breaking",
        (AGENT, "conversation: str, number: int,", "number: int, conversation: str,"),
        codes=("parameter-moved",),
    ),
    edit(
        "class: a parameter in between",
        "breaking",
        (
            AGENT,
            "conversation: str, number: int,",
            "conversation: str, language: str = 'en', number: int = 0,",
        ),
    ),
    edit(
        "class: a parameter at the end",
        "safe",
        (AGENT, 'model: str = "small")', 'model: str = "small", hot: bool = False)'),
    ),
    edit(
        "class: a parameter has another name at its place",
        "safe",
        (AGENT, "async def store_turn(conversation: str", "async def store_turn(talk: str"),
    ),
    edit(
        "class: a parameter is required",
        "breaking",
        (AGENT, 'model: str = "small"', "model: str, size: int"),
        codes=("parameter-required",),
    ),
    edit(
        "class: a parameter is narrowed",
        "breaking",
        (AGENT, "number: int, model", "number: str, model"),
        codes=("parameter-narrowed",),
    ),
    edit(
        "class: a result lacks a field",
        "breaking",
        (AGENT, "    tokens: int = 0\n", ""),
        codes=("result-narrowed", "parameter-narrowed"),
    ),
    edit(
        "class: calls in another order",
        "breaking",
        (FLOWS, '"run_turn", args=[text, number]', '"store_turn", args=[text, number]'),
        codes=("class-edited",),
    ),
    edit(
        "class: code it imports",
        "breaking",
        ("shop/prompts.py", "return PAUSE * number", "return PAUSE + number"),
        codes=("class-edited",),
    ),
    edit(
        "class: a constant that imported code reads",
        "breaking",
        ("shop/settings.py", "PAUSE = 2.0", "PAUSE = 3.0"),
        codes=("class-edited",),
    ),
    edit(
        "class: a constant that nothing reads",
        "safe",
        ("shop/settings.py", 'COLOUR = "red"', 'COLOUR = "blue"'),
    ),
    edit(
        "class: a function beside the imported one",
        "safe",
        (
            "shop/prompts.py",
            "def unused(number: int) -> int:\n    return number",
            "def unused(number: int) -> int:\n    return number + 1",
        ),
    ),
    edit(
        "class: a comment and a docstring",
        "safe",
        (FLOWS, '"""One conversation."""', '"""One conversation with a person."""  # really'),
    ),
    edit(
        "class: its input is removed",
        "breaking",
        (Q, "      turns: {type: integer, default: 3}\n", ""),
        codes=("input-removed",),
    ),
    edit(
        "class: the body of its activity",
        "safe",
        (
            AGENT,
            "    return Turn(text=conversation)",
            "    text = conversation.strip()\n    return Turn(text=text)",
        ),
    ),
    edit(
        "class: moved to a package",
        "breaking",
        (FLOWS, '"store_turn", args=[text, turn]', '"store_turn", args=[turn, text]'),
        codes=("class-edited",),
        before=(
            (Q, "shop.flows:AgentLoop", "shop:AgentLoop"),
            ("shop/__init__.py", "", "from shop.flows import AgentLoop\n"),
        ),
    ),
    edit(
        "class: edited, old version drains here",
        "breaking",
        (Q, "  agent:\n    version: 1", "  agent:\n    version: 2\n    draining: [1]"),
        (FLOWS, "range(given", "range(1 + given"),
        codes=("class-edited",),
    ),
    edit(
        "class: edited, old version external",
        "safe",
        (Q, "  agent:\n    version: 1", "  agent:\n    version: 2\n    draining: {1: external}"),
        (FLOWS, "range(given", "range(1 + given"),
    ),
    # Children
    edit(
        "child: its last call returns something else",
        "breaking",
        (PAY, "-> Receipt:\n    return Receipt(", "-> list[str]:\n    return list("),
        codes=("child-result-changed",),
    ),
    edit(
        "child: the type that its last call returns lacks a field",
        "breaking",
        (MODELS, "    payer: str\n    total: Money\n", "    total: Money\n"),
        codes=("child-result-changed",),
    ),
    edit(
        "child: what its last call returns has a field more",
        "safe",
        (
            MODELS,
            "    payer: str\n    total: Money\n",
            "    payer: str\n    fee: int = 0\n    total: Money\n",
        ),
    ),
    edit(
        "child: its id in a step",
        "breaking",
        (Q, "workflow_id: payment-${order_id}", "workflow_id: pay-${order_id}"),
        codes=("workflow-id-changed",),
    ),
    edit(
        "child: its id in a step with other spaces",
        "safe",
        (Q, "workflow_id: payment-${order_id}", "workflow_id: payment-${ order_id }"),
    ),
    edit(
        "child: its id no longer in the step",
        "breaking",
        (Q, "            workflow_id: payment-${order_id}\n", ""),
        codes=("workflow-id-changed",),
    ),
    # Names
    edit(
        "one workflow in place becomes two",
        "breaking",
        (
            Q,
            """  audit:
    version: 1
    task_queue: audit-main
    workflow_id: audit-${day}
    input:
      day: {type: string, format: date}
""",
            """  audit:
    version: 1
    task_queue: audit-main
    workflows:
      audit:
        workflow_id: audit-${day}
        input:
          day: {type: string, format: date}
        steps: [gather, sign]
      check:
        workflow_id: check-${day}
        input:
          day: {type: string, format: date}
        steps: [gather]
""",
        ),
        codes=("launch-name-changed",),
    ),
    # Search attributes
    edit(
        "search attribute: of another type",
        "breaking",
        (
            Q,
            "amount: {type: integer, minimum: 1, default: 1}",
            "amount: {type: number, minimum: 1, default: 1}",
        ),
        before=(
            (Q, "search_attributes: [region]", "search_attributes: [region, amount]"),
            (ORDERS, "amount: int = 1", "amount: float = 1"),
            ("activities/legacy.py", "amount: int = 1", "amount: float = 1"),
            (Q, 'with: {amount: "${amount}",', "with: {amount: 1,"),
        ),
        codes=("search-attribute-changed",),
    ),
    # Workflow ids
    edit(
        "id: another default",
        "breaking",
        (
            Q,
            "amount: {type: integer, minimum: 1, default: 1}",
            "amount: {type: integer, minimum: 1, default: 2}",
        ),
        before=(
            (Q, "workflow_id: order-${order_id}\n", "workflow_id: order-${order_id}-${amount}\n"),
        ),
        codes=("workflow-id-changed",),
    ),
    edit(
        "id: another type",
        "breaking",
        (Q, "      amount: integer\n      currency", "      amount: number\n      currency"),
        before=(
            (PAY, "amount: int", "amount: float"),
            (PAY, "payer: str, amount: int", "payer: str, amount: float"),
        ),
        codes=("workflow-id-changed",),
    ),
    edit(
        "id: another default of an input that is not in it",
        "safe",
        (Q, "default: EUR", "default: USD"),
    ),
    edit(
        "id: the same template in other words",
        "safe",
        (
            Q,
            "workflow_id: payment-${payer}-${amount}",
            'workflow_id: "payment-${ input.payer }-${ (amount) }"',
        ),
    ),
    edit(
        "id: one expression for two",
        "safe",
        (
            Q,
            "workflow_id: payment-${payer}-${amount}",
            "workflow_id: ${'payment-' + payer + \"-\" + string(amount)}",
        ),
    ),
    edit(
        "id: parts in another order",
        "breaking",
        (Q, "workflow_id: payment-${payer}-${amount}", "workflow_id: payment-${amount}-${payer}"),
        codes=("workflow-id-changed",),
    ),
    # Errors
    edit(
        "error: a class that plans name is renamed",
        "breaking",
        (ERRORS, "class CardRefused", "class CardDeclined"),
        (ORDERS, "import CardRefused", "import CardDeclined"),
        (ORDERS, "raise CardRefused", "raise CardDeclined"),
        (PAY, "errors.CardRefused", "errors.CardDeclined"),
        codes=("error-type-removed",),
    ),
    edit(
        "error: another one is raised",
        "breaking",
        (PAY, "errors.CardRefused(payer)", "errors.OutOfStock(payer)"),
        codes=("error-type-removed",),
    ),
    edit(
        "error: a builtin one is raised no more",
        "breaking",
        (ORDERS, 'raise ValueError("no tracking")', 'raise KeyError("no tracking")'),
        codes=("error-type-removed",),
    ),
    edit(
        "error: a class that no plan names is renamed",
        "safe",
        (ERRORS, "class OutOfStock", "class ShelfEmpty"),
        (ORDERS, "import CardRefused, OutOfStock", "import CardRefused, ShelfEmpty"),
        (ORDERS, "raise OutOfStock", "raise ShelfEmpty"),
    ),
    # Task queues
    edit(
        "step: another task queue",
        "breaking",
        (Q, "task_queue: printers-${region}", "task_queue: printing-${region}"),
        codes=("activity-task-queue-changed",),
    ),
    edit(
        "step: no task queue any more",
        "breaking",
        (Q, "        task_queue: printers-${region}\n", ""),
        codes=("activity-task-queue-changed",),
    ),
    edit(
        "step: the same task queue in other words",
        "safe",
        (Q, "task_queue: printers-${region}", 'task_queue: "printers-${ region }"'),
    ),
    edit(
        "fixed task queue: bumped",
        "safe",
        (Q, "  audit:\n    version: 1", "  audit:\n    version: 2"),
    ),
    edit(
        "fixed task queue: bumped, and a function is gone",
        "breaking",
        (Q, "  audit:\n    version: 1", "  audit:\n    version: 2"),
        (Q, "      sign: {}\n", ""),
        codes=("activity-removed",),
    ),
    edit(
        "a draining version becomes external",
        "breaking",
        (Q, "    draining: [1]\n    workflows", "    draining: {1: external}\n    workflows"),
        codes=("version-external",),
    ),
    # Types
    edit(
        "str to Decimal",
        "breaking",
        (ORDERS, "tracking: str, copies", "tracking: Decimal, copies"),
        (ORDERS, "import logging", "import logging\nfrom decimal import Decimal"),
        codes=("parameter-narrowed",),
    ),
    edit(
        "Decimal to str in a result", "safe", (MODELS, "    amount: Decimal\n", "    amount: str\n")
    ),
    edit(
        "the annotation of a class taken away",
        "breaking",
        ("activities/billing.py", "total: Totals", "total"),
        codes=("annotation-removed",),
    ),
    edit("the annotation of a text taken away", "safe", (ORDERS, "pack(sku: str", "pack(sku")),
    # Upgrades
    edit(
        "lock: pyproject",
        "breaking",
        ("pyproject.toml", "tqrun==1.4.0", "tqrun==1.5.0"),
        codes=("runtime-upgraded",),
    ),
    edit(
        "lock: a range in pyproject",
        "breaking",
        ("pyproject.toml", "tqrun==1.4.0", "tqrun>=1.5,<2"),
        codes=("runtime-upgraded",),
    ),
    edit(
        "lock: Pipfile", "breaking", ("Pipfile", "==1.4.0", "==1.5.0"), codes=("runtime-upgraded",)
    ),
    edit(
        "lock: a folder of requirements",
        "breaking",
        ("requirements/base.txt", "tqrun[metrics]==1.4.0", "tqrun[metrics]==1.5.0"),
        codes=("runtime-upgraded",),
    ),
    edit(
        "lock: another package",
        "safe",
        ("requirements/base.txt", "httpx==0.27.0", "httpx==0.28.0"),
        ("pyproject.toml", "httpx>=0.27", "httpx>=0.28"),
    ),
    edit(
        "lock: spaces and order",
        "safe",
        (
            "requirements/base.txt",
            "",
            "cel_expr_python == 0.1.0\ntqrun[metrics] == 1.4.0  # ours\nhttpx==0.27.0\n",
        ),
    ),
    # Modules
    edit("module: deleted, its entries stay", "breaking", delete=("activities/billing.py",)),
    edit(
        "module: cannot be parsed",
        "breaking",
        ("activities/billing.py", "def collect(", "def collect(("),
    ),
    edit(
        "module: cannot be parsed at the base",
        "safe",
        ("activities/billing.py", "def collect((", "def collect("),
        before=(("activities/billing.py", "def collect(", "def collect(("),),
    ),
    edit(
        "module: becomes a package",
        "safe",
        ("activities/billing/__init__.py", "", "from activities.billing.all import *\n"),
        (
            "activities/billing/all.py",
            "",
            """from shop.models import Customer, Totals


def collect(customer: str, month: str) -> Totals:
    return Totals(open=0, lines=[])


def remind(customer: str, total: Totals, contact: Customer | None = None) -> None:
    print(total.open)


def give_back(customer: str, cents: int = 0) -> int:
    return cents
""",
        ),
        delete=("activities/billing.py",),
    ),
    edit(
        "module: a function becomes a generator",
        "breaking",
        ("activities/billing.py", "    return cents", "    yield cents"),
    ),
    edit(
        "module: a parameter becomes positional-only",
        "breaking",
        ("activities/billing.py", "customer: str, month: str", "customer: str, month: str, /"),
    ),
    edit(
        "module: a function becomes conditional",
        "breaking",
        (
            "activities/billing.py",
            "def give_back(customer: str, cents: int = 0) -> int:\n    return cents",
            "if __debug__:\n    def give_back(customer: str, cents: int = 0) -> int:\n        return cents",
        ),
    ),
    edit(
        "module: a function in two branches",
        "safe",
        (
            "activities/billing.py",
            "def give_back(customer: str, cents: int = 0) -> int:\n    return cents",
            "try:\n    import fast\nexcept ImportError:\n    def give_back(customer: str, cents: int = 0) -> int:\n        return cents\n"
            "else:\n    def give_back(customer: str, cents: int = 0) -> int:\n        return fast.cents(cents)",
        ),
    ),
    edit(
        "module: a function becomes a class",
        "breaking",
        (
            "activities/billing.py",
            "def give_back(customer: str, cents: int = 0) -> int:\n    return cents",
            "class give_back:\n    pass",
        ),
    ),
    edit(
        "alias: a function under its old name",
        "safe",
        ("activities/billing.py", "def give_back(", "def pay_back("),
        ("activities/billing.py", "    return cents", "    return cents\n\n\ngive_back = pay_back"),
    ),
    edit(
        "alias: of another function",
        "breaking",
        (
            "activities/billing.py",
            "def give_back(customer: str, cents: int = 0)",
            "def pay_back(customer: str, cents: int, why: str)",
        ),
        ("activities/billing.py", "    return cents", "    return cents\n\n\ngive_back = pay_back"),
    ),
    # Pydantic
    edit(
        "pydantic: an alias beside the name",
        "safe",
        (
            MODELS,
            "amount: Decimal\n",
            'amount: Decimal = Field(validation_alias=AliasChoices("amount", "value"))\n',
        ),
        (MODELS, "import BaseModel,", "import AliasChoices, BaseModel,"),
    ),
    edit(
        "pydantic: alias with populate_by_name",
        "safe",
        (
            MODELS,
            "    name: str\n",
            "    model_config = ConfigDict(populate_by_name=True)\n    name: str = Field(validation_alias='fullName')\n",
        ),
    ),
    edit(
        "pydantic: alias alone",
        "breaking",
        (MODELS, "    name: str\n", "    name: str = Field(validation_alias='fullName')\n"),
        codes=("parameter-narrowed",),
    ),
    edit(
        "pydantic: a computed field",
        "safe",
        (
            MODELS,
            "    email: str | None = None\n",
            "    email: str | None = None\n\n    @computed_field\n    @property\n    def short(self) -> str:\n        return self.name[:3]\n",
        ),
        (
            MODELS,
            '    kind: Literal["card", "cash"] = "card"\n',
            '    kind: Literal["card", "cash"] = "card"\n\n    @computed_field\n    @property\n    def short(self) -> str:\n        return self.payer[:3]\n',
        ),
        (MODELS, "import BaseModel,", "import BaseModel, computed_field,"),
    ),
    # Other types
    edit(
        "types: NamedTuple with a default more",
        "safe",
        ("activities/fleet.py", "    y: float\n", "    y: float\n    z: float = 0.0\n"),
    ),
    edit(
        "types: constrained",
        "safe",
        (ORDERS, "copies: conint(gt=0) = 1", "copies: PositiveInt = 1"),
        before=(
            (ORDERS, "copies: int = 1", "copies: conint(gt=0) = 1"),
            (
                ORDERS,
                "import logging",
                "import logging\n\nfrom pydantic import PositiveInt, conint",
            ),
        ),
    ),
    edit(
        "types: constrained more",
        "breaking",
        (ORDERS, "tracking: str, copies", "tracking: constr(max_length=3), copies"),
        (ORDERS, "import logging", "import logging\n\nfrom pydantic import constr"),
        codes=("parameter-narrowed",),
    ),
    edit(
        "types: auto()",
        "safe",
        (
            MODELS,
            '    POST = "post"\n    COURIER = "courier"',
            "    POST = auto()\n    COURIER = auto()",
        ),
        (MODELS, "import Enum, StrEnum", "import Enum, StrEnum, auto"),
    ),
    edit(
        "types: auto() with another name",
        "breaking",
        (
            MODELS,
            '    POST = "post"\n    COURIER = "courier"',
            "    MAIL = auto()\n    COURIER = auto()",
        ),
        (MODELS, "import Enum, StrEnum", "import Enum, StrEnum, auto"),
        codes=("parameter-narrowed",),
    ),
    edit(
        "types: an alias of a class",
        "safe",
        (ORDERS, "carrier: Carrier", "carrier: AnyCarrier"),
        (ORDERS, "LIMIT = 100", "LIMIT = 100\nAnyCarrier = Carrier"),
    ),
    edit(
        "types: generics",
        "safe",
        (
            MODELS,
            "class Stock(TypedDict):\n    reserved: int\n",
            "T = TypeVar('T')\n\n\nclass Held(TypedDict, Generic[T]):\n    reserved: T\n    carrier: str\n\n\nclass Old(TypedDict):\n    reserved: int\n",
        ),
        (MODELS, "import Annotated,", "import Annotated, Generic, TypeVar,"),
        (ORDERS, "-> Stock", "-> Held[int]"),
        (ORDERS, "Parcel, Stock", "Held, Parcel"),
        ("activities/legacy.py", "import Stock", "import Held"),
        ("activities/legacy.py", "-> Stock", "-> Held[int]"),
    ),
    edit(
        "types: generics of another type",
        "breaking",
        (
            MODELS,
            "class Stock(TypedDict):\n    reserved: int\n",
            "T = TypeVar('T')\n\n\nclass Held(TypedDict, Generic[T]):\n    reserved: T\n    carrier: str\n\n\nclass Old(TypedDict):\n    reserved: int\n",
        ),
        (MODELS, "import Annotated,", "import Annotated, Generic, TypeVar,"),
        (ORDERS, "-> Stock", "-> Held[str]"),
        (ORDERS, "Parcel, Stock", "Held, Parcel"),
        ("activities/legacy.py", "import Stock", "import Held"),
        ("activities/legacy.py", "-> Stock", "-> Held[str]"),
        codes=("result-narrowed",),
    ),
]
