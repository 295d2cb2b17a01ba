//! Powers and products of every step's factors, without the platform's mathematical library.

/// The powers of a number, for exponents that mostly follow each other. A power depends on its exponent alone,
/// not on those that were asked for before: it is that of the last multiple of [`STRIDE`], by squaring, times
/// the number as often as it is further.
#[derive(Clone, Copy, Debug)]
pub struct Powers {
    base: f64,
    exponent: u64,
    anchor: f64,
    rest: f64,
}

/// See [`Powers`].
const STRIDE: u64 = 256;

impl Default for Powers {
    fn default() -> Self {
        Self { base: 1.0, exponent: 0, anchor: 1.0, rest: 1.0 }
    }
}

impl Powers {
    /// `base` to the power `exponent`: the platform's `pow` may round otherwise.
    #[inline]
    pub(super) fn of(&mut self, base: f64, exponent: u64) -> f64 {
        if self.base == base && exponent == self.exponent + 1 && !exponent.is_multiple_of(STRIDE) {
            self.rest *= base;
        } else {
            self.anchor = power(base, exponent - exponent % STRIDE);
            self.rest = (0..exponent % STRIDE).fold(1.0, |rest, _| rest * base);
        }
        (self.base, self.exponent) = (base, exponent);
        self.anchor * self.rest
    }
}

/// `base` to the power `exponent`, by squaring.
fn power(base: f64, exponent: u64) -> f64 {
    let (mut result, mut square, mut rest) = (1.0, base, exponent);
    while rest > 0 {
        if rest & 1 == 1 {
            result *= square;
        }
        square *= square;
        rest >>= 1;
    }
    result
}

/// The products of Nadam's weights for the first moment, (1 - b/2) (1 - b²/2) ..., for counts that mostly follow
/// each other. As with [`Powers`], a product does not depend on those that were asked for before: it is always
/// made from the first factor on, of which few differ from 1 unless it is soon 0.
#[derive(Clone, Copy, Debug)]
pub struct Products {
    powers: Powers,
    count: u64,
    product: f64,
}

impl Default for Products {
    fn default() -> Self {
        Self { powers: Powers::default(), count: 0, product: 1.0 }
    }
}

impl Products {
    /// The factor 1 - b^`count`/2.
    fn factor(&mut self, base: f64, count: u64) -> f64 {
        1.0 - 0.5 * self.powers.of(base, count)
    }

    /// The last factor, and the product of the first `count`.
    pub(super) fn of(&mut self, base: f64, count: u64) -> (f64, f64) {
        if self.powers.base != base || count < self.count {
            *self = Self::default();
        }
        while self.count < count {
            let factor = self.factor(base, self.count + 1);
            self.product *= factor;
            self.count += 1;
            if factor == 1.0 || self.product == 0.0 {
                self.count = count;
            }
        }
        (self.factor(base, count), self.product)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn powers_are_products() {
        assert_eq!(power(0.9, 0), 1.0);
        assert_eq!(power(0.5, 10), 1.0 / 1024.0);
        assert!((power(0.999, 12_345) / 0.999f64.powi(12_345) - 1.0).abs() < 1e-12);
    }

    #[test]
    fn a_power_depends_on_its_exponent_alone() {
        for base in [0.9, 0.999, 0.5, 0.0, 1.0] {
            let (mut following, mut jumping) = (Powers::default(), Powers::default());
            for exponent in 1..1500 {
                let one = following.of(base, exponent);
                assert_eq!(one, following.of(base, exponent));
                if exponent % 7 == 0 {
                    assert_eq!(one, jumping.of(base, exponent));
                }
                assert!((one - base.powi(exponent as i32)).abs() <= 1e-12 * one);
            }
        }
    }

    #[test]
    fn a_product_depends_on_its_count_alone() {
        for base in [0.0, 0.96, 0.999, 1.0] {
            let (mut following, mut jumping) = (Products::default(), Products::default());
            let mut product = 1.0;
            for count in 1..3000 {
                let (factor, one) = following.of(base, count);
                product *= factor;
                assert_eq!(one, product);
                assert_eq!((factor, one), following.of(base, count));
                if count % 701 == 0 {
                    assert_eq!((factor, one), jumping.of(base, count));
                    assert_eq!(Products::default().of(base, 7), jumping.of(base, 7));
                }
            }
        }
    }
}
