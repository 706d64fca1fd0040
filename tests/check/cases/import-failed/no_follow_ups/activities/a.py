import nothing_there


def f(forgotten): ...
