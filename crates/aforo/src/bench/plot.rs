//! The result as a picture: throughput over time beside the latency curve, as plain SVG written by hand. No plotting library is needed for two
//! charts.

use std::fmt::Write;

use super::report::{Round, Side, stats_of};
use super::stats::{Kind, Latencies};

const WIDTH: f64 = 1200.0;
const HEIGHT: f64 = 540.0;

const REAL: &str = "#0b6e4f";
const CEILING: &str = "#9a9a9a";
const EXTRAS: &str = "#7b3294";
const HOOKS: &str = "#d95f02";

/// The shares a latency curve is drawn through, from the median of the best to one in ten thousand.
const SHARES: [f64; 17] = [0.0, 0.02, 0.1, 0.25, 0.5, 0.68, 0.8, 0.9, 0.95, 0.97, 0.98, 0.99, 0.995, 0.998, 0.999, 0.9995, 0.9999];
/// The shares that are named on the axis.
const NAMED_SHARES: [(f64, &str); 6] = [(0.0, "0"), (0.5, "50"), (0.9, "90"), (0.99, "99"), (0.999, "99.9"), (0.9999, "99.99")];

/// A picture of all rounds under a title and a line of small print.
pub fn svg(title: &str, small_print: &str, rounds: &[Round]) -> String {
    let mut svg = String::new();
    draw(&mut svg, title, small_print, rounds).expect("a String takes everything");
    svg
}

fn draw(svg: &mut String, title: &str, small_print: &str, rounds: &[Round]) -> std::fmt::Result {
    let view = format!(r#"viewBox="0 0 {WIDTH} {HEIGHT}""#);
    writeln!(svg, r##"<svg xmlns="http://www.w3.org/2000/svg" {view} font-family="sans-serif" font-size="13" fill="#222">"##)?;
    writeln!(svg, r##"<rect width="{WIDTH}" height="{HEIGHT}" fill="#fff"/>"##)?;
    writeln!(svg, r#"<text x="30" y="34" font-size="18" font-weight="bold">{}</text>"#, escape(title))?;
    writeln!(svg, r##"<text x="30" y="56" fill="#666">{}</text>"##, escape(small_print))?;
    throughput(svg, rounds)?;
    latency(svg, rounds)?;
    writeln!(svg, "</svg>")
}

/// A chart's place on the page and the values at its edges.
struct Chart {
    left: f64,
    x: (f64, f64),
    y: (f64, f64),
}

impl Chart {
    const WIDTH: f64 = 470.0;
    const TOP: f64 = 110.0;
    const HEIGHT: f64 = 320.0;

    fn px(&self, x: f64) -> f64 {
        self.left + Self::WIDTH * (x - self.x.0) / (self.x.1 - self.x.0)
    }

    fn py(&self, y: f64) -> f64 {
        Self::TOP + Self::HEIGHT * (1.0 - (y - self.y.0) / (self.y.1 - self.y.0))
    }

    fn heading(&self, svg: &mut String, heading: &str, x_title: &str) -> std::fmt::Result {
        let bottom = Self::TOP + Self::HEIGHT;
        writeln!(svg, r#"<text x="{}" y="{}" font-weight="bold">{heading}</text>"#, self.left, Self::TOP - 16.0)?;
        writeln!(svg, r#"<text x="{}" y="{}" text-anchor="middle">{x_title}</text>"#, self.left + Self::WIDTH / 2.0, bottom + 42.0)?;
        writeln!(svg, r##"<path d="M{0} {1}V{2}H{3}" fill="none" stroke="#222"/>"##, self.left, Self::TOP, bottom, self.left + Self::WIDTH)
    }

    fn x_tick(&self, svg: &mut String, at: f64, label: &str) -> std::fmt::Result {
        let (x, bottom) = (self.px(at), Self::TOP + Self::HEIGHT);
        writeln!(svg, r##"<path d="M{x:.1} {}V{bottom}" stroke="#e4e4e4"/>"##, Self::TOP)?;
        writeln!(svg, r#"<text x="{x:.1}" y="{}" text-anchor="middle">{label}</text>"#, bottom + 20.0)
    }

    fn y_tick(&self, svg: &mut String, at: f64, label: &str) -> std::fmt::Result {
        let (y, right) = (self.py(at), self.left + Self::WIDTH);
        writeln!(svg, r##"<path d="M{} {y:.1}H{right}" stroke="#e4e4e4"/>"##, self.left)?;
        writeln!(svg, r#"<text x="{}" y="{:.1}" text-anchor="end">{label}</text>"#, self.left - 8.0, y + 4.0)
    }

    fn line(&self, svg: &mut String, points: &[(f64, f64)], look: &str) -> std::fmt::Result {
        let path: Vec<String> = points.iter().map(|(x, y)| format!("{:.1},{:.1}", self.px(*x), self.py(*y))).collect();
        writeln!(svg, r#"<polyline points="{}" fill="none" stroke-linejoin="round" {look}/>"#, path.join(" "))
    }

    fn legend(&self, svg: &mut String, entries: &[(String, String)]) -> std::fmt::Result {
        let mut x = self.left;
        let y = Self::TOP + Self::HEIGHT + 72.0;
        for (label, look) in entries {
            writeln!(svg, r#"<path d="M{x} {}h26" fill="none" {look}/><text x="{}" y="{y}">{label}</text>"#, y - 4.0, x + 32.0)?;
            x += 32.0 + 8.0 * label.len() as f64 + 16.0;
        }
        Ok(())
    }
}

fn look(color: &str, dashed: bool) -> String {
    format!(r#"stroke="{color}" stroke-width="2"{}"#, if dashed { r#" stroke-dasharray="6 4""# } else { "" })
}

fn throughput(svg: &mut String, rounds: &[Round]) -> std::fmt::Result {
    let all_points = || rounds.iter().flat_map(|round| round.outcome.timeline.points());
    let longest = all_points().map(|point| point.at).fold(1.0, f64::max);
    let most = all_points().map(super::timeline::Point::requests_per_s).fold(1.0, f64::max);
    let (x_step, y_step) = (nice_step(longest), nice_step(most));
    let chart = Chart { left: 90.0, x: (0.0, longest), y: (0.0, (most / y_step).ceil() * y_step) };
    for at in steps(x_step, longest) {
        chart.x_tick(svg, at, &thousands(at))?;
    }
    for at in steps(y_step, chart.y.1) {
        chart.y_tick(svg, at, &thousands(at))?;
    }
    for round in rounds {
        let points: Vec<_> = round.outcome.timeline.points().iter().map(|point| (point.at, point.requests_per_s())).collect();
        chart.line(svg, &points, &of_side(round.side))?;
    }
    chart.heading(svg, "Throughput (requests/s)", "seconds since the start of a round")?;
    let legend = [
        (Side::Real, "aforo, a line per round"),
        (Side::Ceiling, "ceiling: same HTTP, no engine"),
        (Side::Extras, "with extras"),
        (Side::Hooks, "with a webhook"),
    ];
    let shown = legend.into_iter().filter(|(side, _)| rounds.iter().any(|round| round.side == *side));
    chart.legend(svg, &shown.map(|(side, label)| (label.to_owned(), of_side(side))).collect::<Vec<_>>())
}

fn of_side(side: Side) -> String {
    match side {
        Side::Real => look(REAL, false),
        Side::Ceiling => look(CEILING, true),
        Side::Extras => look(EXTRAS, false),
        Side::Hooks => look(HOOKS, false),
    }
}

/// Latency over percentiles, both in powers of ten: each step to the right is a request ten times as rare.
fn latency(svg: &mut String, rounds: &[Round]) -> std::fmt::Result {
    let stats = stats_of(rounds, Side::Real);
    let mut curves: Vec<(&str, &Latencies, &str)> = vec![("any request", &stats.requests, REAL)];
    if stats.orders.count() > 0 {
        curves.push(("create", stats.of(Kind::Create), "#1f78b4"));
        curves.push(("confirm", stats.of(Kind::Confirm), "#d95f02"));
        curves.push(("whole order", &stats.orders, "#7b3294"));
    }
    let ms = |latencies: &Latencies, share| latencies.quantile_ms(share).max(0.001).log10();
    let lowest = curves.iter().map(|(_, latencies, _)| ms(latencies, 0.0)).fold(f64::INFINITY, f64::min).floor();
    let highest = curves.iter().map(|(_, latencies, _)| ms(latencies, 0.9999)).fold(f64::NEG_INFINITY, f64::max).ceil();
    let rarity = |share: f64| -(1.0 - share).log10();
    let chart = Chart { left: 690.0, x: (0.0, rarity(0.9999)), y: (lowest, highest.max(lowest + 1.0)) };
    for (share, name) in NAMED_SHARES {
        chart.x_tick(svg, rarity(share), name)?;
    }
    for power in (chart.y.0 as i32)..=(chart.y.1 as i32) {
        chart.y_tick(svg, f64::from(power), &format!("{} ms", 10f64.powi(power)))?;
    }
    for (_, latencies, color) in &curves {
        let points: Vec<_> = SHARES.iter().map(|share| (rarity(*share), ms(latencies, *share))).collect();
        chart.line(svg, &points, &look(color, false))?;
    }
    chart.heading(svg, "Latency (milliseconds, all rounds)", "percentile of requests")?;
    chart.legend(svg, &curves.iter().map(|(name, _, color)| ((*name).to_owned(), look(color, false))).collect::<Vec<_>>())
}

/// A round number that cuts `range` into four to ten parts.
fn nice_step(range: f64) -> f64 {
    let power = 10f64.powf((range / 5.0).log10().floor());
    [1.0, 2.0, 5.0, 10.0].map(|factor| factor * power).into_iter().find(|step| range / step <= 8.0).unwrap_or(power * 10.0)
}

fn steps(step: f64, end: f64) -> impl Iterator<Item = f64> {
    (0..=(end / step + 1e-9) as u32).map(move |n| f64::from(n) * step)
}

/// A number with its thousands apart.
pub fn thousands(value: f64) -> String {
    let digits = format!("{value}");
    let (whole, rest) = digits.split_once('.').map_or((digits.as_str(), None), |(whole, rest)| (whole, Some(rest)));
    let mut text = String::new();
    for (place, digit) in whole.chars().enumerate() {
        if place > 0 && (whole.len() - place).is_multiple_of(3) {
            text.push(' ');
        }
        text.push(digit);
    }
    rest.map_or(text.clone(), |rest| format!("{text}.{rest}"))
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn axes_have_a_handful_of_round_steps() {
        for range in [1.0, 3.7, 4.0, 59.0, 1800.0, 36_000.0, 81_234.0] {
            let parts = range / nice_step(range);
            assert!((2.0..=8.0).contains(&parts), "{range} in {parts}");
        }
        assert_eq!(steps(10.0, 30.0).collect::<Vec<_>>(), vec![0.0, 10.0, 20.0, 30.0]);
    }

    #[test]
    fn large_numbers_are_readable() {
        assert_eq!(thousands(81_000.0), "81 000");
        assert_eq!(thousands(0.5), "0.5");
    }
}
