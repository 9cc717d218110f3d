def measure(choices):
    return 3

main = measure
PRESETS = ()
