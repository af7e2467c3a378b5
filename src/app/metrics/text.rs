//! Reads back Prometheus' text format, as far as our own recorder writes it.

use std::collections::BTreeMap;

/// The sum of all series of a counter or gauge; 0 when there is none.
pub(super) fn total(text: &str, name: &str) -> f64 {
    lines(text, name).map(|(_, value)| value).sum()
}

/// A histogram at one moment.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Histogram {
    /// Samples.
    pub(super) count: f64,
    /// Their sum, in the histogram's unit.
    pub(super) sum: f64,
    /// Upper bound of each bucket and the samples up to it.
    buckets: Vec<(f64, f64)>,
}

/// The histograms of `name` by the value of `label`; without that label by "".
pub(super) fn histograms(text: &str, name: &str, label: &str) -> BTreeMap<String, Histogram> {
    let mut found: BTreeMap<String, Histogram> = BTreeMap::new();
    for (labels, value) in lines(text, &format!("{name}_bucket")) {
        let bound = value_of(labels, "le").and_then(|bound| bound.parse().ok()).unwrap_or(f64::INFINITY);
        let entry = found.entry(value_of(labels, label).unwrap_or_default().to_owned()).or_default();
        entry.buckets.push((bound, value));
    }
    for (labels, value) in lines(text, &format!("{name}_sum")) {
        found.entry(value_of(labels, label).unwrap_or_default().to_owned()).or_default().sum = value;
    }
    for (labels, value) in lines(text, &format!("{name}_count")) {
        found.entry(value_of(labels, label).unwrap_or_default().to_owned()).or_default().count = value;
    }
    found
}

impl Histogram {
    /// What came since `before`.
    pub(super) fn since(&self, before: &Self) -> Self {
        let earlier = |index: usize| before.buckets.get(index).map_or(0.0, |(_, count)| *count);
        let buckets = self.buckets.iter().enumerate().map(|(index, (bound, count))| (*bound, count - earlier(index)));
        Self { count: self.count - before.count, sum: self.sum - before.sum, buckets: buckets.collect() }
    }

    /// The value below which `share` (0 to 1) of the samples are, interpolated inside its bucket; `None` without samples.
    /// Beyond the last finite bound: that bound.
    pub(super) fn quantile(&self, share: f64) -> Option<f64> {
        if self.count <= 0.0 {
            return None;
        }
        let rank = share * self.count;
        let (mut low, mut below) = (0.0, 0.0);
        for (bound, up_to) in &self.buckets {
            if *up_to >= rank && *up_to > below {
                let high = if bound.is_finite() { *bound } else { return Some(low) };
                return Some(low + (high - low) * ((rank - below) / (up_to - below)).clamp(0.0, 1.0));
            }
            (low, below) = (if bound.is_finite() { *bound } else { low }, *up_to);
        }
        Some(low)
    }

    /// Their mean; `None` without samples.
    pub(super) fn mean(&self) -> Option<f64> {
        (self.count > 0.0).then(|| self.sum / self.count)
    }
}

/// Labels (without braces) and value of each line of `name`.
fn lines<'a>(text: &'a str, name: &str) -> impl Iterator<Item = (&'a str, f64)> {
    let name = name.to_owned();
    text.lines().filter_map(move |line| {
        let rest = line.strip_prefix(name.as_str())?;
        let (labels, value) = match rest.strip_prefix('{') {
            Some(rest) => rest.rsplit_once("} ")?,
            None => ("", rest.strip_prefix(' ')?),
        };
        Some((labels, value.trim().parse().ok()?))
    })
}

/// Our label values are plain words and numbers: no quotes or commas inside.
fn value_of<'a>(labels: &'a str, label: &str) -> Option<&'a str> {
    labels.split(',').find_map(|pair| pair.strip_prefix(label)?.strip_prefix("=\"")?.strip_suffix('"'))
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "# TYPE t_seconds histogram\n\
        t_seconds_bucket{stage=\"decode\",le=\"0.01\"} 50\n\
        t_seconds_bucket{stage=\"decode\",le=\"0.02\"} 90\n\
        t_seconds_bucket{stage=\"decode\",le=\"+Inf\"} 100\n\
        t_seconds_sum{stage=\"decode\"} 1.5\nt_seconds_count{stage=\"decode\"} 100\n\
        viewers 3\nframes_total{kind=\"a\"} 2\nframes_total{kind=\"b\"} 5\nframes_total_more 9\n";

    #[test]
    fn quantiles_are_interpolated_inside_their_bucket() {
        let all = histograms(TEXT, "t_seconds", "stage");
        let decode = &all["decode"];
        assert_eq!(decode.quantile(0.25), Some(0.005));
        assert_eq!(decode.quantile(0.7), Some(0.015));
        assert_eq!(decode.quantile(0.99), Some(0.02));
        assert_eq!(decode.mean(), Some(0.015));
        assert_eq!(decode.since(decode).quantile(0.5), None);
        assert_eq!(decode.since(&Histogram::default()), decode.clone());
    }

    #[test]
    fn totals_add_series_of_exactly_that_name() {
        assert_eq!((total(TEXT, "frames_total"), total(TEXT, "viewers"), total(TEXT, "none")), (7.0, 3.0, 0.0));
    }
}
