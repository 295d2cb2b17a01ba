//! Small networks: a whole step of training in one function, with rows in the lanes of vectors.
//!
//! A network of a few nodes spends its time between the products, not in them. So its tensors lie feature by
//! feature, a vector for the same value of as many rows; then no layer is too narrow for vectors, weights need
//! not be turned around, softmax is that of many rows at once, and all parameters are updated in one sweep.
//!
//! Each tensor begins with a feature of ones, whose weights are the biases: the chain `1 * bias + ...` that
//! starts from zero has the bits of one that starts from the bias. Nothing else differs either from the way of
//! larger networks, in [`crate::network`]: the bits are the same.

use std::ops::Range;

use crate::activation::{Activation, Kept};
use crate::buffer::Buffer;
use crate::error::Result;
use crate::gemm::{Matrix, MatrixMut, Strided, multiply_small, panel_width};
use crate::head::{Batch, Head};
use crate::layer::{Dense, Layer, Stage};
use crate::loss::Targets;
use crate::metric::{Decision, Metric};
use crate::network::Network;
use crate::optimizer::{MOST_SLOTS, Part, Rule};
use crate::parallel::Rows;
use crate::simd::{Float, Kernel, Simd, Vector, turn};
use crate::source::{Source, Which};

/// The most input nodes.
const MOST_INPUTS: usize = 64;
/// The most rows of a batch.
const MOST_ROWS: usize = 512;

/// A small network's layers, and the buffers of a step.
#[derive(Debug)]
pub struct Small<T> {
    layers: Vec<SmallLayer>,
    inputs: usize,
    input_scale: f64,
    outputs: usize,
    metrics: usize,
    /// Rows that there is room for.
    rows: usize,
    /// From one feature to the next: whole vectors of rows.
    stride: usize,
    /// The rows of a batch as they come.
    gathered: Buffer<T>,
    /// What each layer is given, and what the last one gives: a feature of ones, then the others.
    features: Vec<Buffer<T>>,
    /// The net inputs of the layers whose activation's derivative is taken from them.
    net_inputs: Vec<Buffer<T>>,
    /// The loss's gradient by each layer's net inputs.
    deltas: Vec<Buffer<T>>,
    /// One layer's deltas, row by row.
    turned: Buffer<T>,
    gradients: Buffer<T>,
    /// The rows' losses and metrics.
    values: Buffer<T>,
}

#[derive(Debug)]
struct SmallLayer {
    inputs: usize,
    units: usize,
    bias: bool,
    weights: Range<usize>,
    activation: Activation,
    /// What its activation's derivative is taken from.
    kept: Kept,
}

impl SmallLayer {
    /// The layer's weights, those of the ones among them, as its terms by its units.
    fn terms(&self) -> usize {
        self.inputs + usize::from(self.bias)
    }

    /// Where the features that its weights are for begin.
    fn first(&self) -> usize {
        usize::from(!self.bias)
    }
}

/// One step of a small network.
pub struct Step<'a, 'd, T> {
    /// The network.
    pub small: &'a mut Small<T>,
    /// All inputs.
    pub inputs: Source<'d>,
    /// All targets.
    pub targets: Targets<'d, T>,
    /// All rows' weights.
    pub weights: Option<&'d [T]>,
    /// The rows of the batch.
    pub rows: &'a [u32],
    /// The output activation and the loss.
    pub head: &'a Head,
    /// What is reported, and how outputs are read for it.
    pub metrics: (&'a [Metric], Decision),
    /// The parameters.
    pub parameters: &'a mut [T],
    /// The optimizer's rule of this step, and what it remembers; none if the gradients are to be kept.
    pub update: Option<(Rule<T>, [&'a mut [T]; MOST_SLOTS])>,
}

impl<T: Float> Small<T> {
    /// The buffers for a network, if it is small, has only what is done here, and its head takes features.
    pub fn new(network: &Network, head: &Head, metrics: usize) -> Option<Self> {
        let fits = |dense: &Dense| {
            let last = dense.parameters().end == network.size();
            let activation = &dense.spec.activation;
            let pointwise = !matches!(activation, Activation::Prelu(_)) && !activation.is_over_rows();
            let learns_alone = dense.spec.trainable && dense.spec.activity_regularizer.is_none();
            let fits = dense.spec.units <= panel_width::<T>() && learns_alone;
            fits && (pointwise || last && head.is_fused())
        };
        let small = network.inputs() <= MOST_INPUTS
            && network.layers().iter().all(|layer| layer.as_dense().is_some_and(fits));
        if !small || !Head::takes_features(network.outputs()) {
            return None;
        }
        let layer = |dense: &Dense| SmallLayer {
            inputs: dense.inputs(),
            units: dense.spec.units,
            bias: dense.panels.bias,
            weights: dense.weights.clone(),
            activation: dense.spec.activation,
            kept: dense.spec.activation.kept(),
        };
        let empty = || Buffer::zeros(0).expect("nothing is asked for");
        Some(Self {
            layers: network.layers().iter().filter_map(Layer::as_dense).map(layer).collect(),
            inputs: network.inputs(),
            input_scale: network.input_scale(),
            outputs: network.outputs(),
            metrics,
            rows: 0,
            stride: 0,
            gathered: empty(),
            features: Vec::new(),
            net_inputs: Vec::new(),
            deltas: Vec::new(),
            turned: empty(),
            gradients: Buffer::zeros(network.size()).ok()?,
            values: empty(),
        })
    }

    /// The gradients of the last step, and where each layer's parameters are.
    pub fn gradients(&mut self) -> (&mut [T], impl Iterator<Item = Range<usize>>) {
        (&mut self.gradients, self.layers.iter().map(|layer| layer.weights.clone()))
    }

    /// Whether batches of so many rows are for here: with too few rows most lanes would be empty.
    pub fn is_for(&self, rows: usize) -> bool {
        (4..=MOST_ROWS).contains(&rows)
    }

    /// Makes room for batches of `rows` rows.
    ///
    /// # Errors
    /// There is no memory for them.
    pub fn make_room(&mut self, rows: usize) -> Result<()> {
        if rows <= self.rows {
            return Ok(());
        }
        let stride = rows.next_multiple_of(16);
        let widest = self.layers.iter().map(|layer| layer.units).max().unwrap_or(0);
        self.gathered = Buffer::zeros(stride * self.inputs)?;
        let widths = std::iter::once(self.inputs).chain(self.layers.iter().map(|layer| layer.units));
        self.features = widths.map(|width| Buffer::zeros((1 + width) * stride)).collect::<Result<_>>()?;
        for features in &mut self.features {
            features[..stride].fill(T::ONE);
        }
        let net_input = |layer: &SmallLayer| match layer.kept {
            Kept::Input => Buffer::zeros(layer.units * stride),
            Kept::Output => Buffer::zeros(0),
        };
        self.net_inputs = self.layers.iter().map(net_input).collect::<Result<_>>()?;
        let delta = |layer: &SmallLayer| Buffer::zeros(layer.units * stride);
        self.deltas = self.layers.iter().map(delta).collect::<Result<_>>()?;
        // Whole vectors are written of its rows.
        self.turned = Buffer::zeros(stride * widest.next_multiple_of(16))?;
        self.values = Buffer::zeros(stride * (1 + self.metrics))?;
        (self.rows, self.stride) = (rows, stride);
        Ok(())
    }

    /// The losses and metrics of the last step's rows, a row for each.
    pub fn values(&self, rows: usize) -> &[T] {
        &self.values[..rows * (1 + self.metrics)]
    }
}

impl<T: Float> Kernel for Step<'_, '_, T> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let Step { small, inputs, targets, weights, rows, head, metrics, parameters, update } = self;
        let (count, stride) = (rows.len(), small.stride);
        assert!(count <= small.rows, "room for {} rows, not {count}", small.rows);
        // As many rows as fill vectors; what is computed for those beyond the batch is not looked at.
        let columns = count.next_multiple_of(T::Vector::<S>::LANES);

        let gathered = Rows::adjoining(&mut small.gathered[..count * small.inputs], small.inputs);
        inputs.gather(simd, Which::Listed(rows), small.input_scale, gathered);
        let target = &mut small.features[0][stride..];
        turn::<T::Vector<S>>(&small.gathered, (count, small.inputs), small.inputs, target, stride);

        let last = small.layers.len() - 1;
        for (index, layer) in small.layers.iter().enumerate() {
            let (below, above) = small.features.split_at_mut(index + 1);
            let weights = &parameters[layer.weights.clone()];
            let weights = Strided::new(weights, (layer.units, 1), (layer.terms(), layer.units));
            let x = Matrix::new(&below[index][layer.first() * stride..], layer.terms(), columns, stride);
            let a = &mut above[0][stride..];
            let active = index < last || !head.is_fused();
            if active && layer.kept == Kept::Input {
                let z = &mut small.net_inputs[index][..];
                multiply_small(simd, weights, x, MatrixMut::new(z, layer.units, columns, stride));
                let used = layer.units * stride;
                layer.activation.values(simd, Some(&z[..used]), &mut a[..used], columns);
            } else {
                multiply_small(simd, weights, x, MatrixMut::new(a, layer.units, columns, stride));
                if active {
                    layer.activation.forward(simd, features(a, layer.units, columns, stride));
                }
            }
        }

        // Output by output, as the head takes them here.
        let values = &mut small.features[last + 1][stride..];
        let outputs = Rows { values, count, width: small.outputs, stride };
        let deltas = Rows { values: &mut small.deltas[last][..], count, width: small.outputs, stride };
        let values = Rows::adjoining(&mut small.values[..count * (1 + small.metrics)], 1 + small.metrics);
        let scale = T::from_f64(1.0 / count as f64);
        let batch = Batch { outputs, deltas, values, targets, rows, scale, metrics };
        head.evaluate::<S, T, true>(simd, batch);
        if let Some(weights) = weights {
            let deltas = features(&mut small.deltas[last], small.outputs, count, stride);
            weigh(weights, rows, &mut small.values, 1 + small.metrics, deltas);
        }

        for (index, layer) in small.layers.iter().enumerate().rev() {
            let (below, above) = small.deltas.split_at_mut(index);
            let delta = &mut above[0][..];
            if index < last || !head.is_fused() {
                let kept = match layer.kept {
                    Kept::Output => &small.features[index + 1][stride..],
                    Kept::Input => &small.net_inputs[index][..],
                };
                let kept = Rows {
                    values: &kept[..layer.units * stride],
                    count: layer.units,
                    width: columns,
                    stride,
                };
                layer.activation.backward(simd, features(delta, layer.units, columns, stride), kept);
            }
            let width = layer.units.next_multiple_of(T::Vector::<S>::LANES);
            turn::<T::Vector<S>>(delta, (layer.units, count), stride, &mut small.turned, width);
            let x = &small.features[index][layer.first() * stride..];
            let x = Strided::new(x, (layer.terms(), stride), (count, 1));
            let gradients = &mut small.gradients[layer.weights.clone()];
            let gradients = MatrixMut::new(gradients, layer.terms(), layer.units, layer.units);
            multiply_small(simd, x, Matrix::new(&small.turned, count, layer.units, width), gradients);
            if let Some(below) = below.last_mut() {
                let weights = &parameters[layer.weights.clone()][usize::from(layer.bias) * layer.units..];
                let weights = Strided::new(weights, (layer.inputs, layer.units), (layer.units, 1));
                let delta = Matrix::new(delta, layer.units, columns, stride);
                multiply_small(simd, weights, delta, MatrixMut::new(below, layer.inputs, columns, stride));
            }
        }
        if let Some((rule, slots)) = update {
            rule.update(simd, Part { parameters, slots }, &small.gradients);
        }
    }
}

/// Multiplies the losses, which come first among each row's `width` values, and the deltas by the rows' weights.
#[inline(always)]
fn weigh<T: Float>(weights: &[T], rows: &[u32], values: &mut [T], width: usize, deltas: Rows<&mut [T]>) {
    for (values, &row) in values.chunks_exact_mut(width).zip(rows) {
        values[0] = values[0] * weights[row as usize];
    }
    for deltas in deltas.into_rows() {
        for (delta, &row) in deltas.iter_mut().zip(rows) {
            *delta = *delta * weights[row as usize];
        }
    }
}

/// Features as rows `stride` apart.
fn features<T>(values: &mut [T], features: usize, width: usize, stride: usize) -> Rows<&mut [T]> {
    Rows { values: &mut values[..features * stride], count: features, width, stride }
}

#[cfg(test)]
mod tests {
    use ndarray::Array2;

    use crate::loss::Targets;
    use crate::model::Model;
    use crate::network::NetworkSpec;
    use crate::simd::Float;
    use crate::source::Source;
    use crate::train::{Data, Pass, TrainingSpec};

    /// With what happens beside their rule after a brace that ends them.
    const OPTIMIZERS: [&str; 11] = [
        r#""name": "adam", "learning_rate": 0.01, "beta_1": 0.9, "beta_2": 0.999, "epsilon": 1e-7"#,
        r#""name": "sgd", "learning_rate": 0.1, "momentum": 0.9, "nesterov": true"#,
        r#""name": "nadam", "learning_rate": 0.01, "beta_1": 0.9, "beta_2": 0.999, "epsilon": 1e-7,
        "momentum_decay": 1"#,
        r#""name": "adamax", "learning_rate": 0.01, "beta_1": 0.9, "beta_2": 0.999, "epsilon": 1e-7"#,
        r#""name": "adagrad", "learning_rate": 0.01, "initial_accumulator_value": 0.1, "epsilon": 1e-7"#,
        r#""name": "adadelta", "learning_rate": 1, "rho": 0.95, "epsilon": 1e-7"#,
        r#""name": "lion", "learning_rate": 0.01, "beta_1": 0.9, "beta_2": 0.99"#,
        r#""name": "rprop", "learning_rate": 0.01, "eta_minus": 0.5, "eta_plus": 1.2, "minimum_step": 1e-6,
        "maximum_step": 50"#,
        r#""name": "sgd", "momentum": 0, "nesterov": false, "learning_rate": {"name": "exponential_decay",
        "initial_learning_rate": 0.1, "decay_steps": 3, "decay_rate": 0.9, "staircase": false}"#,
        r#""name": "sgd", "learning_rate": 0.1, "momentum": 0.0, "nesterov": false}, "update":
        {"weight_decay": 0.1, "clip_value": 0.05, "ema_momentum": 0.9"#,
        r#""name": "adam", "learning_rate": 0.01, "beta_1": 0.9, "beta_2": 0.999, "epsilon": 1e-7}, "update":
        {"accumulation_steps": 2, "ema_momentum": 0.5"#,
    ];

    fn network(widths: &[usize], hidden: &str, output: &str, bias: bool) -> NetworkSpec {
        let layer = |(index, units): (usize, &usize)| {
            let activation = if index + 2 == widths.len() { output } else { hidden };
            format!(
                r#"{{"type": "dense", "units": {units}, "use_bias": {bias}, "activation": {{{activation}}},
                "kernel_initializer": {{"name": "glorot_uniform"}}, "bias_initializer": {{"name": "zeros"}}}}"#
            )
        };
        let layers: Vec<String> = widths[1..].iter().enumerate().map(layer).collect();
        let text =
            format!(r#"{{"inputs": {}, "bias": "parameter", "layers": [{}]}}"#, widths[0], layers.join(","));
        serde_json::from_str(&text).unwrap()
    }

    /// Parameters, slots and reports after a few epochs, the small way or the other.
    fn trained<T: Float>(
        spec: &NetworkSpec,
        loss: &str,
        optimizer: &str,
        batch: usize,
        small: bool,
    ) -> Vec<u64> {
        let outputs = crate::network::Network::new(spec).unwrap().outputs();
        let training = format!(
            r#"{{"metrics": ["accuracy", "mean_absolute_error"], "optimizer": {{{optimizer}}}, "loss": {{{loss}}}}}"#
        );
        let training: TrainingSpec = serde_json::from_str(&training).unwrap();
        let mut model = Model::<T>::new(spec, 3).unwrap();
        model.compile(training).unwrap();
        assert!(model.is_small());
        if !small {
            model.forbid_small();
        }
        let rows = 75;
        let table = Array2::from_shape_fn((rows, spec.inputs), |(r, c)| ((r * 7 + c * 3) % 11) as f32 - 5.0);
        let classes: Vec<u32> = (0..rows as u32).map(|row| row % outputs as u32).collect();
        let values: Vec<T> = (0..rows * outputs).map(|i| T::from_f64((i % 5) as f64 / 4.0)).collect();
        let targets = match loss.contains("sparse") {
            true => Targets::Classes(&classes),
            false => Targets::Values(&values, outputs),
        };
        let weights: Vec<T> = (0..rows).map(|row| T::from_f64((row % 4) as f64 / 3.0)).collect();
        // Half of the runs are weighted.
        let weights = (batch % 2 == 1).then_some(&weights[..]);
        let data = Data { inputs: Source::F32(table.view()), targets, weights };
        let pass = Pass { batch_size: batch, shuffle: true, threads: 1 };
        // So are the penalties of two thirds.
        let factors: Vec<f64> =
            (0..rows.div_ceil(batch.clamp(1, rows))).map(|number| 0.5 + number as f64).collect();
        let factors = (!batch.is_multiple_of(3)).then_some(&factors[..]);
        let mut bits = Vec::new();
        for _ in 0..3 {
            let report = model.train_epoch(data, None, pass, factors, None, &mut || true).unwrap();
            bits.extend(report.iter().map(|value| value.to_bits()));
        }
        bits.extend(model.parameters().iter().map(|value| value.to_f64().to_bits()));
        let slots = model.state().unwrap().slots;
        bits.extend(slots.iter().flat_map(|slot| slot.iter().map(|value| value.to_f64().to_bits())));
        bits
    }

    #[test]
    fn the_small_way_gives_the_same_bits() {
        let heads = [
            (r#""name": "softmax""#, r#""name": "sparse_categorical_cross_entropy", "from_logits": false"#),
            (r#""name": "linear""#, r#""name": "categorical_cross_entropy", "from_logits": true"#),
            (r#""name": "sigmoid""#, r#""name": "binary_cross_entropy", "from_logits": false"#),
            (r#""name": "tanh""#, r#""name": "mean_squared_error""#),
            (r#""name": "silu""#, r#""name": "mean_squared_error""#),
        ];
        let hidden = [
            r#""name": "relu""#,
            r#""name": "elu", "alpha": 1.0"#,
            r#""name": "sigmoid"}, "kernel_regularizer": {"l1": 0.01, "l2": 0.1"#,
            r#""name": "gelu", "approximate": false}, "kernel_regularizer": {"l2": 0.1},
            "bias_regularizer": {"l1": 0.01"#,
            r#""name": "hard_swish""#,
        ];
        let mut optimizers = OPTIMIZERS.iter().cycle();
        for (index, widths) in
            [&[3, 2, 3, 2][..], &[1, 1], &[16, 16, 4], &[5, 13, 16, 9], &[64, 1, 16, 16]].iter().enumerate()
        {
            for (output, loss) in heads {
                for batch in [4, 17, 32, 75] {
                    let spec = network(widths, hidden[index], output, index != 3);
                    let optimizer = optimizers.next().unwrap();
                    assert_eq!(
                        trained::<f32>(&spec, loss, optimizer, batch, true),
                        trained::<f32>(&spec, loss, optimizer, batch, false),
                        "{widths:?} {loss} {batch}"
                    );
                    assert_eq!(
                        trained::<f64>(&spec, loss, optimizer, batch, true),
                        trained::<f64>(&spec, loss, optimizer, batch, false),
                        "{widths:?} {loss} {batch}"
                    );
                }
            }
        }
    }
}
