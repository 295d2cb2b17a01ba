"""The four ingredients: a data set, a model, a loss and an optimizer, on handwritten digits."""

import tempfile
from pathlib import Path

import nnfast as nn

# 1. The data set: 1,797 images of 8 x 8 pixels, a fifth of them held out.
X, y = nn.datasets.digits()
(X, y), (X_test, y_test) = nn.datasets.split(X, y, test_fraction=0.2, seed=0)

# 2. The model: an input for each pixel, 64 hidden nodes, an output for each digit.
net = nn.FeedForward("64-64-10", hidden="relu", output="softmax", seed=0)

# 3. The loss and 4. the optimizer.
net.compile(loss="cross_entropy", optimizer=nn.Adam(0.005), metrics=["accuracy"])

net.fit(X, y, epochs=30, batch_size=32, validation_data=(X_test, y_test))
result = net.evaluate(X_test, y_test)
print(f"{result['accuracy']:.1%} of the {len(y_test)} images held out are read right")

image = X_test[0].reshape(8, 8)
print("\n".join("".join(" .:oO@"[int(pixel * 5)] * 2 for pixel in row) for row in image))
print(f"This is a {net.predict_classes(X_test[0])}, says the net; it is a {y_test[0]}.")

with tempfile.TemporaryDirectory() as folder:
    path = Path(folder) / "digits.safetensors"
    net.save(path)
    print(f"A file of {path.stat().st_size / 1024:.0f} KB keeps it.")
    assert (nn.load(path).predict(X_test) == net.predict(X_test)).all()
assert result["accuracy"] > 0.955
