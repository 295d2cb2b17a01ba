//! Embeddings: the codes of a category become learned vectors (Bengio, Ducharme, Vincent and Jauvin, "A neural
//! probabilistic language model", JMLR 3, 2003; of tables, Guo and Berkhahn, "Entity embeddings of categorical
//! variables", 2016). The other columns of a table pass on, and come first.

use std::ops::Range;

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};
use crate::initializer::Initializer;
use crate::parallel::RowShard;
use crate::random::{Purpose, Stream};
use crate::simd::{Float, Lanewise, Simd, Vector, lanewise};

use super::{Backward, BiasMode, Forward, Parameter, Passed, Sink, Site, Stage, Widths};

/// Embeddings as a configuration describes them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct EmbeddingSpec {
    /// The columns of codes, in rising order.
    pub columns: Vec<CategorySpec>,
    /// The rule for the initial vectors.
    pub initializer: Initializer,
}

/// One column of codes.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct CategorySpec {
    /// Which column.
    pub column: usize,
    /// Its codes are whole numbers from 0 to below this.
    pub categories: usize,
    /// How many values a vector has.
    pub dimensions: usize,
}

/// Embeddings in their place.
#[derive(Clone, Debug)]
pub struct Embedding {
    number: usize,
    width: usize,
    /// The columns that pass on, neighbours together.
    others: Vec<Range<usize>>,
    tables: Vec<Table>,
    initializer: Initializer,
    parameters: Range<usize>,
}

/// The vectors of one column: a row for each code.
#[derive(Clone, Debug)]
struct Table {
    spec: CategorySpec,
    /// Where its vector begins in a row that comes out.
    first: usize,
    place: Range<usize>,
}

impl Embedding {
    /// The layer in its place.
    ///
    /// # Errors
    /// Its tables could not be addressed, or columns are not there or out of order.
    pub fn new(spec: &EmbeddingSpec, site: Site) -> Result<Self> {
        let impossible = || Error::Configuration(format!("layer {} has an impossible size", site.number));
        let columns: Vec<usize> = spec.columns.iter().map(|one| one.column).collect();
        if columns.iter().any(|&column| column >= site.width)
            || columns.windows(2).any(|two| two[0] >= two[1])
        {
            return Err(Error::Configuration(format!(
                "the columns of layer {} are not columns of its input in rising order",
                site.number
            )));
        }
        let ends = columns.iter().copied().chain([site.width]);
        let starts = [0].into_iter().chain(columns.iter().map(|column| column + 1));
        let others = starts.zip(ends).map(|(start, end)| start..end).collect();
        let (mut width, mut offset) = (site.width - columns.len(), site.offset);
        let mut tables = Vec::with_capacity(columns.len());
        for &spec in &spec.columns {
            let size = spec.categories.checked_mul(spec.dimensions).filter(|&size| size > 0);
            let end = size
                .and_then(|size| size.checked_add(offset))
                .filter(|&end| end <= isize::MAX as usize / size_of::<f64>());
            let place = offset..end.ok_or_else(impossible)?;
            (offset, width) = (place.end, width + spec.dimensions);
            tables.push(Table { spec, first: width - spec.dimensions, place });
        }
        let parameters = site.offset..offset;
        Ok(Self { number: site.number, width, others, tables, initializer: spec.initializer, parameters })
    }

    /// Whether a row's codes are all codes of its tables.
    pub fn knows(&self, value: impl Fn(usize) -> f64) -> bool {
        self.tables.iter().all(|table| {
            let code = value(table.spec.column);
            code >= 0.0 && code < table.spec.categories as f64 && code == code.trunc()
        })
    }
}

impl Stage for Embedding {
    fn width(&self) -> usize {
        self.width
    }

    fn widths(&self, training: bool) -> Widths {
        Widths { output: self.width, delta: if training { self.width } else { 0 }, ..Widths::default() }
    }

    fn parameters(&self) -> Range<usize> {
        self.parameters.clone()
    }

    fn shapes(&self, _bias: BiasMode) -> Vec<Parameter> {
        let shape = |table: &Table| {
            Parameter::plain(vec![table.spec.categories, table.spec.dimensions], table.place.clone())
        };
        self.tables.iter().map(shape).collect()
    }

    /// The tables are told apart by the place of a step among what a random number is keyed by.
    fn initialize<T: Float>(&self, seed: u64, parameters: &mut [T]) -> Result<()> {
        for (index, table) in self.tables.iter().enumerate() {
            let stream = Stream::new(seed, Purpose::Kernel, self.number, index as u64);
            let CategorySpec { categories, dimensions, .. } = table.spec;
            self.initializer.fill(stream, categories, dimensions, &mut parameters[table.place.clone()]);
        }
        Ok(())
    }

    fn forward<S: Simd, T: Float>(&self, _simd: S, rows: &mut RowShard<'_, T>, way: Forward<'_, T>) {
        let ([output], [x]) = rows.split([way.tensors.output], [way.input]);
        for (output, x) in output.into_rows().zip(x.iter()) {
            let mut place = 0;
            for columns in &self.others {
                output[place..place + columns.len()].copy_from_slice(&x[columns.clone()]);
                place += columns.len();
            }
            for table in &self.tables {
                let dimensions = table.spec.dimensions;
                let vectors = &way.parameters[table.place.clone()];
                let code = code(x[table.spec.column]);
                output[table.first..table.first + dimensions]
                    .copy_from_slice(&vectors[code * dimensions..][..dimensions]);
            }
        }
    }

    /// Codes have no gradient, and nothing below learns.
    fn backward<S: Simd, T: Float>(&self, _simd: S, _rows: &mut RowShard<'_, T>, _way: Backward<'_, T>) {}

    /// Of a vector: the sum over the batch's rows that have its code, in order.
    fn gradients<S: Simd, T: Float>(
        &self,
        simd: S,
        batch: Passed<'_, T>,
        part: Range<usize>,
        room: &mut [T],
        sink: &mut impl Sink<T>,
    ) {
        let (input, delta) = (batch.input(), batch.delta());
        for table in &self.tables {
            let dimensions = table.spec.dimensions;
            let common = table.place.start.max(part.start)..table.place.end.min(part.end);
            let piece = piece(dimensions) * dimensions;
            for start in common.clone().step_by(piece) {
                let place = start..common.end.min(start + piece);
                let sums = &mut room[..place.len()];
                sums.fill(T::ZERO);
                for row in 0..batch.rows {
                    let vector = table.place.start + code(input.row(row)[table.spec.column]) * dimensions;
                    if place.contains(&vector) {
                        let sum = &mut sums[vector - place.start..][..dimensions];
                        lanewise(simd, &Add, [sum], [&delta.row(row)[table.first..][..dimensions]]);
                    }
                }
                sink.take(simd, place, sums);
            }
        }
    }

    fn cut_before<T>(&self, place: usize) -> usize {
        let table = self.tables.iter().find(|table| table.place.contains(&place));
        table.map_or(place, |table| place - (place - table.place.start) % table.spec.dimensions)
    }

    fn gradient_size<T>(&self, _rows: usize) -> usize {
        let sizes = self.tables.iter().map(|table| piece(table.spec.dimensions) * table.spec.dimensions);
        sizes.max().unwrap_or(0)
    }
}

/// Vectors whose gradients are summed at once: as many as stay in a first-level cache.
fn piece(dimensions: usize) -> usize {
    (2048 / dimensions).max(1)
}

/// A code as it comes in a table of numbers: one that is there, as the border has seen to.
fn code<T: Float>(value: T) -> usize {
    value.to_f64() as usize
}

#[derive(Clone, Copy)]
struct Add;
impl Lanewise<1, 1> for Add {
    #[inline(always)]
    fn apply<V: Vector>(&self, [sum]: [V; 1], [term]: [V; 1]) -> [V; 1] {
        [sum.add(term)]
    }
}
