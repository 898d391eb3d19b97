//! The axis of a plot: logarithms of ratios, the same for all runtimes of a scenario.

use crate::report::measured::Measured;
use crate::stats::Interval;

/// What lies farther from 1 than this factor is drawn at the edge: one row must not squeeze the others.
const FARTHEST: f64 = 4.0;

/// What lies nearer to 1 than this factor always fits.
const NEAREST: f64 = 1.04;

/// How much of the axis stays free on each side.
const MARGIN: f64 = 0.04;

/// The least distance of two marks.
const MARK_GAP: f64 = 36.0;

/// The part of the axis of ratios that a plot shows, and where it stands.
#[derive(Clone, Copy, Debug)]
pub(super) struct Scale {
    /// Logarithms to the base 2.
    low: f64,
    high: f64,
}

/// Where a ratio is drawn.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Place {
    /// At this x.
    On(f64),
    /// Beyond the left edge, which has this x.
    Left(f64),
    /// Beyond the right edge, which has this x.
    Right(f64),
}

impl Place {
    /// Gives the x, which is that of the edge for what lies beyond.
    pub(super) const fn x(self) -> f64 {
        match self {
            Self::On(x) | Self::Left(x) | Self::Right(x) => x,
        }
    }
}

impl Scale {
    /// The x of the left edge of every plot.
    pub(super) const LEFT: f64 = 16.0;
    /// The x of the right edge of every plot.
    pub(super) const RIGHT: f64 = 344.0;

    /// Finds the part that shows all ratios of these tables, as far as they are near enough to 1.
    pub(super) fn over(tables: &[Measured<'_>]) -> Self {
        let intervals = tables.iter().flat_map(|table| {
            let ratios = table.rows().filter_map(|line| line.figure.ratio);
            ratios.chain(table.figures.null)
        });
        let limit = FARTHEST.log2();
        let (mut low, mut high) = (-NEAREST.log2(), NEAREST.log2());
        for Interval {
            low: from,
            high: to,
            ..
        } in intervals
        {
            // `min` and `max` leave out what is not a number.
            low = low.min(from.log2()).max(-limit);
            high = high.max(to.log2()).min(limit);
        }
        let margin = (high - low) * MARGIN;
        Self {
            low: low - margin,
            high: high + margin,
        }
    }

    /// Finds where a ratio is drawn.
    pub(super) fn place(&self, ratio: f64) -> Place {
        let log = ratio.log2();
        let part = (log - self.low) / (self.high - self.low);
        if part < 0.0 {
            Place::Left(Self::LEFT)
        } else if part > 1.0 {
            Place::Right(Self::RIGHT)
        } else {
            Place::On(Self::LEFT + part * (Self::RIGHT - Self::LEFT))
        }
    }

    /// Chooses the ratios that are marked: as many as have space.
    pub(super) fn marks(&self) -> Vec<f64> {
        const STEPS: [f64; 6] = [0.01, 0.02, 0.05, 0.1, 0.2, 0.25];
        let fits = |marks: &Vec<f64>| {
            let mut pairs = marks.windows(2);
            pairs.all(|pair| self.place(pair[1]).x() - self.place(pair[0]).x() >= MARK_GAP)
        };
        let even = STEPS.iter().map(|step| self.every(*step));
        even.chain([self.shown([0.25, 0.5, 1.0, 2.0, 4.0])])
            .find(fits)
            .unwrap_or_else(|| vec![1.0])
    }

    fn every(&self, step: f64) -> Vec<f64> {
        let steps = (1.0 / step).round();
        let to = (FARTHEST / step).round();
        let mut marks = Vec::new();
        let mut at = 1.0;
        while at <= to {
            marks.push(at / steps);
            at += 1.0;
        }
        self.shown(marks)
    }

    fn shown(&self, marks: impl IntoIterator<Item = f64>) -> Vec<f64> {
        let is_on = |mark: &f64| matches!(self.place(*mark), Place::On(_));
        marks.into_iter().filter(is_on).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::{Place, Scale};
    use crate::report::measured::tables;
    use crate::report::sample;

    fn scale(low: f64, high: f64) -> Scale {
        Scale {
            low: f64::log2(low),
            high: f64::log2(high),
        }
    }

    #[test]
    fn one_lies_at_the_middle_of_an_even_scale() {
        let scale = scale(0.5, 2.0);
        let middle = f64::midpoint(Scale::LEFT, Scale::RIGHT);
        assert!((scale.place(1.0).x() - middle).abs() < 1e-9);
        assert!(scale.place(0.9).x() < middle);
    }

    #[test]
    fn what_is_beyond_the_scale_lies_at_its_edge() {
        let scale = scale(0.5, 2.0);
        assert_eq!(scale.place(3.0), Place::Right(Scale::RIGHT));
        assert_eq!(scale.place(0.1), Place::Left(Scale::LEFT));
        assert_eq!(scale.place(0.0), Place::Left(Scale::LEFT));
    }

    #[test]
    fn an_outlier_does_not_squeeze_the_others() {
        let (run, mut figures) = sample::run();
        figures[0].rows[2].ratio = Some(sample::interval([900.0, 1000.0, 1100.0]));
        figures[0].rows[1].ratio = Some(sample::interval([f64::NAN; 3]));
        figures[0].rows[3].ratio = Some(sample::interval([0.001, 0.002, 0.003]));
        let tables: Vec<_> = tables(&run, &figures).collect();
        let scale = Scale::over(&tables);
        assert!(matches!(scale.place(3.9), Place::On(_)));
        assert!(matches!(scale.place(5.0), Place::Right(_)));
        assert!(matches!(scale.place(0.26), Place::On(_)));
        assert!(matches!(scale.place(0.2), Place::Left(_)));
    }

    #[test]
    fn marks_are_round_apart_and_hold_one() {
        for (low, high) in [
            (0.96, 1.04),
            (0.7, 1.3),
            (0.5, 2.0),
            (0.25, 4.0),
            (0.96, 4.0),
        ] {
            let scale = scale(low, high);
            let marks = scale.marks();
            assert!(marks.contains(&1.0), "{marks:?}");
            assert!((2..12).contains(&marks.len()), "{marks:?}");
            let places: Vec<f64> = marks.iter().map(|&mark| scale.place(mark).x()).collect();
            assert!(
                places.windows(2).all(|pair| pair[1] - pair[0] >= 30.0),
                "{marks:?}"
            );
        }
    }
}
