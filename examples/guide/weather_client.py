"""Weather client: connects SUB, subscribes to a zipcode prefix, averages the temperature of some updates."""

import sys

import zmqlite as zmq

endpoint, zipcode, count = sys.argv[1:] or ["tcp://localhost:5556", "10001 ", "10"]

with zmq.Context() as context, context.socket(zmq.SUB) as subscriber:
    subscriber.connect(endpoint)
    subscriber.subscribe(zipcode)  # a SUB without a subscription receives nothing
    zipcodes, temperatures = set(), []
    for _ in range(int(count)):
        received, temperature, _humidity = subscriber.recv_string().split()
        zipcodes.add(received)
        temperatures.append(int(temperature))
    print(f"Average temperature for zipcode '{zipcode}' was {sum(temperatures) // len(temperatures)}F")
    print("Zipcodes received:", *sorted(zipcodes))
