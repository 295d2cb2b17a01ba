"""A net with one hidden layer learns sin x on an interval, and knows nothing beyond it."""

import numpy as np

import nnfast as nn

x = np.linspace(-np.pi, np.pi, 512).reshape(-1, 1)

# With one input, biases that start from 0 would let every node bend at x = 0.
hidden = nn.Dense(32, "tanh", bias_initializer="glorot_uniform")
net = nn.FeedForward([nn.Input(1), hidden, nn.Dense(1)], seed=0)
net.compile(optimizer=nn.Adam(0.003), loss="mean_squared_error", metrics=["mae"])
net.fit(x, np.sin(x), epochs=200)

print("    x      sin x     net")
for value in (-3.0, -1.5, -0.5, 0.0, 0.5, 1.5, 3.0, 4.5, 6.0):
    mark = "   beyond what it saw" if value > np.pi else ""
    print(f"{value:6.2f}  {np.sin(value):8.4f}  {net.predict([value])[0]:8.4f}{mark}")

between = (x[1:] + x[:-1]) / 2
largest = np.abs(net.predict(between) - np.sin(between)).max()
print(f"largest error between -pi and pi: {largest:.4f}")
assert largest < 0.06
