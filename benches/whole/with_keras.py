"""MNIST with Keras, from import to accuracy: `with_keras.py DATA EPOCHS BATCH`."""

import sys

import keras
import numpy as np

path, epochs, batch = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
data = np.load(path)
x, x_test = (data[name].astype(np.float32) / 255 for name in ("x", "x_test"))

keras.utils.set_random_seed(0)
net = keras.Sequential(
    [
        keras.Input((784,)),
        keras.layers.Dense(256, "relu"),
        keras.layers.Dense(128, "relu"),
        keras.layers.Dense(10),
    ]
)
loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
net.compile(keras.optimizers.Adam(1e-3), loss, metrics=["accuracy"])
net.fit(x, data["y"], epochs=epochs, batch_size=batch, verbose=0)
print(net.evaluate(x_test, data["y_test"], batch_size=1000, verbose=0)[1])
