//! The one source of randomness: a counter-based generator.
//!
//! Philox4x32-10 (Salmon, Moraes, Dror and Shaw, "Parallel random numbers: as easy as 1, 2, 3", SC 2011)
//! turns a key and a counter into 128 random bits. The key is the user's seed; the counter says what the
//! number is for and at which position it stands. So a number never depends on who asks first, on how
//! many threads there are, or on what was drawn before.

/// What random numbers are drawn for. The numbers are part of every saved seed's meaning.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Purpose {
    /// The initial weights of a layer.
    Kernel = 0,
    /// The initial biases of a layer.
    Bias = 1,
    /// The order of the rows in an epoch.
    Shuffle = 3,
    /// The units that dropout silences in a training step.
    Dropout = 4,
    /// The rows that are held out.
    Split = 5,
    /// The noise that is added in a training step.
    Noise = 6,
    /// The order in which a Hopfield network's units are updated.
    Sweep = 16,
    /// The states of a Boltzmann machine's hidden units.
    Hidden = 17,
    /// The states of its visible units.
    Visible = 18,
}

impl Purpose {
    /// The purpose with this number.
    pub fn from_number(number: u8) -> Option<Self> {
        [Self::Kernel, Self::Bias, Self::Shuffle, Self::Dropout, Self::Split, Self::Noise]
            .into_iter()
            .find(|&purpose| purpose as u8 == number)
    }
}

/// An endless row of random numbers, read at any position.
#[derive(Clone, Copy, Debug)]
pub struct Stream {
    key: [u32; 2],
    step: u32,
    purpose_and_layer: u32,
}

impl Stream {
    /// The numbers for one purpose, layer and step (an epoch, for [`Purpose::Shuffle`]) of a seed.
    pub fn new(seed: u64, purpose: Purpose, layer: usize, step: u64) -> Self {
        debug_assert!(layer < 1 << 24, "a layer's index has 24 bits of the counter");
        Self {
            key: [seed as u32, (seed >> 32) as u32],
            step: step as u32,
            purpose_and_layer: (purpose as u32) << 24 | layer as u32,
        }
    }

    fn block(&self, block: u64) -> [u32; 4] {
        philox([block as u32, (block >> 32) as u32, self.step, self.purpose_and_layer], self.key)
    }

    /// A number of `[0, 1)` with 53 random bits.
    pub fn uniform(&self, position: u64) -> f64 {
        let words = self.block(position / 2);
        let (high, low) =
            if position.is_multiple_of(2) { (words[0], words[1]) } else { (words[2], words[3]) };
        unit(high, low)
    }

    /// 32 random bits for each position from `first` on.
    #[inline(always)]
    pub fn fill_bits(&self, first: u64, target: &mut [u32]) {
        let mut position = first;
        let mut rest = target;
        while !rest.is_empty() {
            if position.is_multiple_of(4) && rest.len() >= 4 * SIDE_BY_SIDE {
                let (now, later) = rest.split_at_mut(4 * SIDE_BY_SIDE);
                self.blocks(position / 4, now);
                rest = later;
                position += 4 * SIDE_BY_SIDE as u64;
                continue;
            }
            let words = self.block(position / 4);
            let skip = (position % 4) as usize;
            let count = (4 - skip).min(rest.len());
            let (now, later) = rest.split_at_mut(count);
            now.copy_from_slice(&words[skip..skip + count]);
            rest = later;
            position += count as u64;
        }
    }

    /// The words of some blocks side by side, which the compiler does in vectors.
    #[inline(always)]
    fn blocks(&self, first: u64, target: &mut [u32]) {
        let block: [u64; SIDE_BY_SIDE] = std::array::from_fn(|lane| first + lane as u64);
        let mut counter = [
            block.map(|block| block as u32),
            block.map(|block| (block >> 32) as u32),
            [self.step; SIDE_BY_SIDE],
            [self.purpose_and_layer; SIDE_BY_SIDE],
        ];
        let mut key = self.key;
        for _ in 0..ROUNDS {
            let [zeroth, first, second, third] = &mut counter;
            for (((a, b), c), d) in zeroth.iter_mut().zip(first).zip(second).zip(third) {
                [*a, *b, *c, *d] = scramble([*a, *b, *c, *d], key);
            }
            key = next(key);
        }
        for (lane, words) in target.chunks_exact_mut(4).enumerate() {
            for (word, value) in words.iter_mut().enumerate() {
                *value = counter[word][lane];
            }
        }
    }

    /// Puts `0..order.len()` into random order: the shuffle of Fisher and Yates (Knuth, *The Art of
    /// Computer Programming*, volume 2, algorithm P).
    pub fn permute(&self, order: &mut [u32]) {
        for (index, place) in order.iter_mut().enumerate() {
            *place = index as u32;
        }
        // Two positions share a block: going down, it is made at the odd one and kept for the even one.
        let mut words = [0; 4];
        for last in (1..order.len()).rev() {
            if last % 2 == 1 || last + 1 == order.len() {
                words = self.block(last as u64 / 2);
            }
            let (high, low) = if last % 2 == 0 { (words[0], words[1]) } else { (words[2], words[3]) };
            order.swap(last, (unit(high, low) * (last + 1) as f64) as usize);
        }
    }
}

fn unit(high: u32, low: u32) -> f64 {
    let bits = u64::from(high >> 5) << 26 | u64::from(low >> 6);
    bits as f64 / (1u64 << 53) as f64
}

/// Blocks that are made at once where many are wanted.
const SIDE_BY_SIDE: usize = 8;

const ROUNDS: usize = 10;

/// Ten rounds of Philox with four 32-bit words.
fn philox(mut counter: [u32; 4], mut key: [u32; 2]) -> [u32; 4] {
    for _ in 0..ROUNDS {
        counter = scramble(counter, key);
        key = next(key);
    }
    counter
}

/// One round.
#[inline(always)]
fn scramble(counter: [u32; 4], key: [u32; 2]) -> [u32; 4] {
    let first = u64::from(counter[0]) * 0xd251_1f53;
    let second = u64::from(counter[2]) * 0xcd9e_8d57;
    [
        (second >> 32) as u32 ^ counter[1] ^ key[0],
        second as u32,
        (first >> 32) as u32 ^ counter[3] ^ key[1],
        first as u32,
    ]
}

/// The key of the round after.
#[inline(always)]
fn next(key: [u32; 2]) -> [u32; 2] {
    [key[0].wrapping_add(0x9e37_79b9), key[1].wrapping_add(0xbb67_ae85)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn philox_gives_the_known_answers_of_its_authors() {
        for (counter, key, answer) in [
            ([0; 4], [0; 2], [0x6627_e8d5, 0xe169_c58d, 0xbc57_ac4c, 0x9b00_dbd8]),
            ([u32::MAX; 4], [u32::MAX; 2], [0x408f_276d, 0x41c8_3b0e, 0xa20b_c7c6, 0x6d54_51fd]),
            (
                [0x243f_6a88, 0x85a3_08d3, 0x1319_8a2e, 0x0370_7344],
                [0xa409_3822, 0x299f_31d0],
                [0xd16c_fe09, 0x94fd_cceb, 0x5001_e420, 0x2412_6ea1],
            ),
        ] {
            assert_eq!(philox(counter, key), answer);
        }
    }

    #[test]
    fn a_number_depends_on_its_position_alone() {
        let stream = Stream::new(7, Purpose::Dropout, 3, 11);
        let mut all = [0; 123];
        for (block, words) in all.chunks_mut(4).enumerate() {
            words.copy_from_slice(&stream.block(block as u64)[..words.len()]);
        }
        for length in [5, 40, 123] {
            for first in 0..all.len() {
                let mut part = vec![0; length.min(all.len() - first)];
                stream.fill_bits(first as u64, &mut part);
                assert_eq!(part, all[first..first + part.len()]);
            }
        }
    }

    #[test]
    fn streams_differ_by_seed_purpose_layer_and_step() {
        let draw = |seed, purpose, layer, step| Stream::new(seed, purpose, layer, step).uniform(0);
        let base = draw(1, Purpose::Kernel, 0, 0);
        assert_ne!(base, draw(2, Purpose::Kernel, 0, 0));
        assert_ne!(base, draw(1 << 32 | 1, Purpose::Kernel, 0, 0));
        assert_ne!(base, draw(1, Purpose::Bias, 0, 0));
        assert_ne!(base, draw(1, Purpose::Kernel, 1, 0));
        assert_ne!(base, draw(1, Purpose::Kernel, 0, 1));
    }

    #[test]
    fn a_shuffle_is_the_plain_algorithm_and_keeps_every_row() {
        for rows in [0usize, 1, 2, 3, 10, 101] {
            let stream = Stream::new(5, Purpose::Shuffle, 0, 2);
            let mut order = vec![0; rows];
            stream.permute(&mut order);
            let mut expected: Vec<u32> = (0..rows as u32).collect();
            for last in (1..rows).rev() {
                expected.swap(last, (stream.uniform(last as u64) * (last + 1) as f64) as usize);
            }
            assert_eq!(order, expected);
            order.sort_unstable();
            assert!(order.iter().enumerate().all(|(index, &row)| index == row as usize));
        }
    }

    #[test]
    fn every_order_of_four_rows_is_as_likely() {
        let mut counts = std::collections::BTreeMap::new();
        for epoch in 0..24_000 {
            let mut order = [0; 4];
            Stream::new(0, Purpose::Shuffle, 0, epoch).permute(&mut order);
            *counts.entry(order).or_insert(0u32) += 1;
        }
        assert_eq!(counts.len(), 24);
        // Chi-squared with 23 degrees of freedom: 49.7 is its 99.9th percentile.
        let chi: f64 = counts.values().map(|&count| (f64::from(count) - 1000.0).powi(2) / 1000.0).sum();
        assert!(chi < 49.7, "{chi}");
    }
}
