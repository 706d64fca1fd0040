from activities.errors import CardDeclined, OwnError


def f(key):
    raise CardDeclined if key else OwnError
