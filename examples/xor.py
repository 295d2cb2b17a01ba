"""Back-propagation finds what one threshold cannot: XOR, with four hidden nodes."""

import numpy as np

import nnfast as nn

X = np.array([[0, 0], [0, 1], [1, 0], [1, 1]])
y = np.array([0, 1, 1, 0])

net = nn.FeedForward("2-4-1", hidden="tanh", output="sigmoid", seed=0)
net.compile(optimizer=nn.Adam(0.1), loss="binary_cross_entropy")
print(net.summary(), end="\n\n")

for _ in range(5):
    net.fit(X, y, epochs=40, batch_size=4)
    outputs = "  ".join(f"{output:.3f}" for output in net.predict(X)[:, 0])
    epochs, loss = len(net.history["loss"]), net.history["loss"][-1]
    print(f"after {epochs:3} epochs: loss {loss:.4f}, outputs {outputs}")

print("classes:", net.predict_classes(X).tolist(), "wanted:", y.tolist())
assert net.predict_classes(X).tolist() == y.tolist()

# How each weight would have to change: the gradient, which back-propagation computes.
loss, gradients = net.gradients(X, y)
steepest = max(float(np.abs(gradient).max()) for gradient in gradients)
print(f"the steepest slope left is {steepest:.4f}")
assert steepest < 0.01
