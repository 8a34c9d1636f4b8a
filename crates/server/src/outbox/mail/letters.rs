//! Letters: what an e-mail says, as plain text and as HTML, both from the same lines. Names and dates are those that are published when it is sent.

use std::fmt::Write;

use aforo_domain::catalogue::Offer;
use aforo_domain::messages::{self, Mail, Sale, SoldItem};
use aforo_domain::text::{Language, Localized};
use jiff::Timestamp;

use super::texts::Texts;
use crate::engine::view::ShardView;
use crate::http::time::Zones;

/// A letter in words.
#[derive(Debug, PartialEq, Eq)]
pub struct Letter {
    /// What it is about.
    pub subject: String,
    /// As plain text.
    pub text: String,
    /// As HTML.
    pub html: String,
}

/// Puts an e-mail into words.
pub fn write(mail: &Mail, view: &ShardView, zones: &Zones) -> Letter {
    let (texts, language) = (Texts::of(&mail.language), &mail.language);
    match &mail.letter {
        messages::Letter::Sold(sale) => sold(sale, texts, language, view, zones),
    }
}

/// What a letter consists of.
enum Line {
    Heading(String),
    Plain(String),
    /// What it is, and how much it costs.
    Priced(String, String),
}

fn sold(sale: &Sale, texts: &Texts, language: &Language, view: &ShardView, zones: &Zones) -> Letter {
    let money = |minor| format!("{} {}", sale.currency.show_amount(minor), sale.currency);
    let buyer = sale.buyer.as_ref().and_then(|buyer| buyer.name.as_deref());
    let hello = buyer.map_or_else(|| texts.hello.to_owned(), |name| format!("{} {name}", texts.hello));
    let mut lines = vec![
        Line::Plain(format!("{hello},")),
        Line::Plain(texts.thanks.to_owned()),
        Line::Heading(format!("{} {}", texts.order, sale.code)),
    ];
    let mut names: Vec<String> = Vec::new();
    let mut sessions: Vec<_> = sale.items.iter().map(|item| item.session).collect();
    sessions.dedup();
    for session in sessions {
        let offer = view.catalogue.offers.get(&session);
        if let Some(offer) = offer {
            let name = local(&offer.event.titles, language, &offer.event.name);
            if !names.contains(&name) {
                names.push(name.clone());
            }
            lines.push(Line::Heading(format!("{name} · {}", when_and_where(offer, texts, zones))));
        }
        let of_session = sale.items.iter().filter(|item| item.session == session);
        lines.extend(of_session.map(|item| Line::Priced(place(item, offer.map(AsRef::as_ref), texts), money(item.amount))));
    }
    lines.push(Line::Priced(texts.total.to_owned(), money(sale.total)));
    let about = if names.is_empty() { sale.code.to_string() } else { names.join(", ") };
    Letter { subject: format!("{}: {about}", texts.subject), text: text(&lines), html: html(&lines, texts.tag) }
}

fn when_and_where(offer: &Offer, texts: &Texts, zones: &Zones) -> String {
    let start = Timestamp::from_microsecond(offer.session.start.0).unwrap_or_default();
    let start = start.to_zoned_datetime(zones.get(&offer.venue.time_zone)).strftime(texts.date).to_string();
    format!("{start} · {}, {}", offer.venue.name, offer.venue.city)
}

fn place(item: &SoldItem, offer: Option<&Offer>, texts: &Texts) -> String {
    let Some(offer) = offer else { return item.place.to_string() };
    if let Some(at) = offer.plan.seat_at(item.place) {
        return format!("{}, {} {}, {} {}", at.sector.name, texts.row, at.row.name, texts.seat, at.seat.name);
    }
    offer.plan.zone_at(item.place).map_or_else(|| item.place.to_string(), |(sector, zone)| format!("{}, {}", sector.name, zone.name))
}

fn local(texts: &Localized, language: &Language, else_is: &str) -> String {
    texts.get(language).map_or(else_is, String::as_str).to_owned()
}

fn text(lines: &[Line]) -> String {
    let mut text = String::new();
    for line in lines {
        let written = match line {
            Line::Heading(heading) => write!(text, "\r\n{heading}\r\n"),
            Line::Plain(plain) => write!(text, "{plain}\r\n"),
            Line::Priced(what, amount) => write!(text, "- {what}: {amount}\r\n"),
        };
        // A text does not refuse.
        let _ = written;
    }
    text
}

fn html(lines: &[Line], tag: &str) -> String {
    let mut html = format!("<!doctype html><html lang=\"{tag}\"><meta charset=\"utf-8\"><body style=\"font-family:sans-serif\">");
    for line in lines {
        let written = match line {
            Line::Heading(heading) => write!(html, "<h3>{}</h3>", escaped(heading)),
            Line::Plain(plain) => write!(html, "<p>{}</p>", escaped(plain)),
            Line::Priced(what, amount) => write!(html, "<p>{} <b>{}</b></p>", escaped(what), escaped(amount)),
        };
        let _ = written;
    }
    html + "</body></html>"
}

/// Names are other people's: whatever they write stays a text.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::{Line, html, text};

    #[test]
    fn names_stay_texts() {
        let lines = [Line::Plain("<script>\"&".to_owned()), Line::Priced("<b>".to_owned(), "1 EUR".to_owned())];
        let html = html(&lines, "en");
        assert!(html.contains("<p>&lt;script&gt;&quot;&amp;</p>") && html.contains("&lt;b&gt; <b>1 EUR</b>"), "{html}");
        assert_eq!(text(&lines), "<script>\"&\r\n- <b>: 1 EUR\r\n");
    }
}
