//! Elements of an SVG drawing and where the middle of each shape is. What a shape means to a plan is `svg`'s.

use std::borrow::Cow;
use std::str::FromStr;

use quick_xml::XmlVersion;
use quick_xml::events::BytesStart;
use svgtypes::{Color, PathParser, PathSegment, Transform};

use super::drawn::Point;
use super::findings::{At, Findings};

/// Attributes of one element at most.
const MAX_ATTRIBUTES: usize = 200;

/// An element: its name without a prefix, and its attributes.
#[derive(Debug)]
pub struct Element<'a> {
    /// "circle".
    pub name: &'a str,
    attributes: Vec<(&'a str, Cow<'a, str>)>,
}

impl<'a> Element<'a> {
    /// Reads a tag.
    ///
    /// # Errors
    /// Why it cannot be read.
    pub fn read(tag: &'a BytesStart<'a>) -> Result<Self, String> {
        let mut attributes = Vec::new();
        for attribute in tag.attributes().with_checks(false) {
            let attribute = attribute.map_err(|error| error.to_string())?;
            if attributes.len() == MAX_ATTRIBUTES {
                return Err(format!("an element with more than {MAX_ATTRIBUTES} attributes"));
            }
            let value = attribute.normalized_value(XmlVersion::Implicit1_0).map_err(|error| error.to_string())?;
            let name: &'a str = attribute.key.into_inner();
            attributes.push((name.strip_prefix("xlink:").unwrap_or(name), value));
        }
        Ok(Self { name: tag.local_name().into_inner(), attributes })
    }

    /// An attribute that is not blank.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|(known, _)| *known == name).map(|(_, value)| value.trim()).filter(|value| !value.is_empty())
    }

    /// Whether it is a shape that a seat may be.
    pub fn is_shape(&self) -> bool {
        matches!(self.name, "circle" | "ellipse" | "rect" | "path" | "use")
    }

    /// The middle of a shape before its transformation; of a `use`, where it is put.
    pub fn middle(&self, at: At, findings: &mut Findings) -> Point {
        let mut number = |name: &str| self.get(name).and_then(|text| findings.coordinate(at, name, text)).unwrap_or_default();
        match self.name {
            "circle" | "ellipse" => (number("cx"), number("cy")),
            "rect" => (number("x") + number("width") / 2.0, number("y") + number("height") / 2.0),
            "use" => (number("x"), number("y")),
            _ => {
                let middle = self.get("d").and_then(path_middle);
                if middle.is_none() {
                    findings.bad_format(at, "d", self.get("d").unwrap_or_default(), "is no path");
                }
                middle.unwrap_or_default()
            }
        }
    }

    /// What it is filled with, where it is said.
    pub fn fill(&self) -> Option<&str> {
        let styled = self.get("style").and_then(|style| {
            style.split(';').filter_map(|rule| rule.split_once(':')).find(|(name, _)| name.trim() == "fill").map(|(_, value)| value.trim())
        });
        styled.or(self.get("fill"))
    }

    /// Its own transformation.
    pub fn transform(&self, at: At, findings: &mut Findings) -> Transform {
        let Some(text) = self.get("transform") else { return Transform::default() };
        Transform::from_str(text).unwrap_or_else(|_| {
            findings.bad_format(at, "transform", text, "is no transformation");
            Transform::default()
        })
    }
}

/// One transformation inside another one.
pub fn inside(outer: Transform, inner: Transform) -> Transform {
    Transform::new(
        outer.a * inner.a + outer.c * inner.b,
        outer.b * inner.a + outer.d * inner.b,
        outer.a * inner.c + outer.c * inner.d,
        outer.b * inner.c + outer.d * inner.d,
        outer.a * inner.e + outer.c * inner.f + outer.e,
        outer.b * inner.e + outer.d * inner.f + outer.f,
    )
}

/// A point, transformed.
pub fn put(transform: Transform, (x, y): Point) -> Point {
    (transform.a * x + transform.c * y + transform.e, transform.b * x + transform.d * y + transform.f)
}

/// A colour as `#9E4500`, unless it is none.
pub fn color(text: &str) -> Option<String> {
    let Color { red, green, blue, .. } = Color::from_str(text.trim()).ok()?;
    Some(format!("#{red:02X}{green:02X}{blue:02X}"))
}

/// The middle of the box around the ends of a path's parts. As browsers do, it ends where it can no longer be read.
fn path_middle(path: &str) -> Option<Point> {
    let (mut begin, mut here) = ((0.0, 0.0), (0.0, 0.0));
    let mut around = None::<(Point, Point)>;
    for part in PathParser::from(path).map_while(Result::ok) {
        let base = if part.is_abs() { (0.0, 0.0) } else { here };
        here = match part {
            PathSegment::MoveTo { x, y, .. }
            | PathSegment::LineTo { x, y, .. }
            | PathSegment::CurveTo { x, y, .. }
            | PathSegment::SmoothCurveTo { x, y, .. }
            | PathSegment::Quadratic { x, y, .. }
            | PathSegment::SmoothQuadratic { x, y, .. }
            | PathSegment::EllipticalArc { x, y, .. } => (base.0 + x, base.1 + y),
            PathSegment::HorizontalLineTo { x, .. } => (base.0 + x, here.1),
            PathSegment::VerticalLineTo { y, .. } => (here.0, base.1 + y),
            PathSegment::ClosePath { .. } => begin,
        };
        if matches!(part, PathSegment::MoveTo { .. }) {
            begin = here;
        }
        let (low, high) = around.unwrap_or((here, here));
        around = Some(((low.0.min(here.0), low.1.min(here.1)), (high.0.max(here.0), high.1.max(here.1))));
    }
    around.map(|(low, high)| ((low.0 + high.0) / 2.0, (low.1 + high.1) / 2.0))
}

#[cfg(test)]
mod tests {
    use svgtypes::Transform;

    use super::{color, inside, path_middle, put};

    #[test]
    fn a_path_has_a_middle() {
        // A circle of radius 5 at (10, 20), a square, and one that breaks off.
        assert_eq!(path_middle("M 15 20 a 5 5 0 1 1 -10 0 a 5 5 0 1 1 10 0 z"), Some((10.0, 20.0)));
        assert_eq!(path_middle("M10,10h4v4h-4z"), Some((12.0, 12.0)));
        assert_eq!(path_middle("m1 1 2 0 L 1 5 Z m 0 0 l 1 1 @"), Some((2.0, 3.0)));
        // What would take for ever to draw is not drawn.
        assert_eq!(path_middle("M0 0 A1e300 1e300 0 0 0 2 2"), Some((1.0, 1.0)));
        assert_eq!((path_middle(""), path_middle("circle")), (None, None));
    }

    #[test]
    fn transformations_nest() {
        let outer: Transform = "translate(100 50) rotate(90)".parse().unwrap();
        let inner: Transform = "scale(2)".parse().unwrap();
        let (x, y) = put(inside(outer, inner), (3.0, 4.0));
        assert!((x - 92.0).abs() < 1e-9 && (y - 56.0).abs() < 1e-9, "{x} {y}");
    }

    #[test]
    fn colours_have_one_form() {
        for text in ["red", "#f00", "rgb(255, 0, 0)", " #FF0000 "] {
            assert_eq!(color(text).as_deref(), Some("#FF0000"), "{text}");
        }
        assert_eq!((color("none"), color("url(#a)"), color("")), (None, None, None));
    }
}
