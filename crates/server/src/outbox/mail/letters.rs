//! Letters: what an e-mail says, as plain text and as HTML, both from the same lines. Names and dates are those that are published when it is sent.

use std::fmt::{self, Write};

use aforo_domain::catalogue::Offer;
use aforo_domain::messages::{self, Affected, CalledOff, GiftLetter, Mail, Sale, SoldItem, Transfer};
use aforo_domain::text::{Language, Localized};
use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::enclosed::Enclosed;
use super::texts::Texts;
use crate::engine::view::ShardView;
use crate::http::time::Zones;

/// A letter in words. It may hold secrets: for debugging its subject is all that is shown.
#[derive(PartialEq, Eq)]
pub struct Letter {
    /// What it is about.
    pub subject: String,
    /// As plain text.
    pub text: String,
    /// As HTML.
    pub html: String,
}

impl fmt::Debug for Letter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Letter({})", self.subject)
    }
}

/// Puts an e-mail into words.
pub fn write(mail: &Mail, view: &ShardView, zones: &Zones, enclosed: &Enclosed) -> Letter {
    let (texts, language) = (Texts::of(&mail.language), &mail.language);
    match &mail.letter {
        messages::Letter::Sold(sale) => {
            let said: Vec<_> = [texts.thanks].into_iter().chain(brought(enclosed, texts)).collect();
            let heading = format!("{} {}", texts.order, sale.code);
            of_order(sale, &said, vec![heading], texts.subject, (texts, language), view, zones)
        }
        messages::Letter::Refunded(of, refund) => {
            let headings = vec![format!("{} {}", texts.refund, refund.code), format!("{} {of}", texts.order)];
            of_order(refund, &[texts.refunded], headings, texts.refund_subject, (texts, language), view, zones)
        }
        messages::Letter::Gift(letter) => gift(letter, texts),
        messages::Letter::CalledOff(affected, so) => called_off(affected, so, (texts, language), view, zones),
        messages::Letter::Postponed(affected, from) => postponed(affected, *from, (texts, language), view, zones),
        messages::Letter::Transferred(transfer) => transferred(transfer, brought(enclosed, texts), (texts, language), view, zones),
    }
}

/// What a letter says of the tickets that go along.
const fn brought(enclosed: &Enclosed, texts: &Texts) -> Option<&'static str> {
    match enclosed {
        Enclosed::Nothing => None,
        Enclosed::Tickets(_) => Some(texts.enclosed),
        Enclosed::TooMany => Some(texts.too_many),
    }
}

/// What a letter consists of.
enum Line {
    Heading(String),
    Plain(String),
    /// What it is, and how much it costs.
    Priced(String, String),
    /// Something to copy, under its name.
    Copied(String, String),
    /// Where a picture is, and what it shows: only for who reads HTML.
    Picture(String, String),
}

/// About an order: what was bought, or comes back.
fn of_order(
    sale: &Sale,
    said: &[&str],
    headings: Vec<String>,
    subject: &str,
    (texts, language): (&Texts, &Language),
    view: &ShardView,
    zones: &Zones,
) -> Letter {
    let money = |minor| format!("{} {}", sale.currency.show_amount(minor), sale.currency);
    let buyer = sale.buyer.as_ref().and_then(|buyer| buyer.name.as_deref());
    let mut lines = vec![Line::Plain(format!("{},", hello(buyer, texts)))];
    lines.extend(said.iter().map(|said| Line::Plain((*said).to_owned())));
    lines.extend(headings.into_iter().map(Line::Heading));
    let priced = |item: &SoldItem, place| Line::Priced(place, money(item.amount));
    let names = places(&mut lines, &sale.items, priced, (texts, language), view, zones);
    if !sale.products.is_empty() {
        lines.push(Line::Heading(texts.products.to_owned()));
    }
    for unit in &sale.products {
        let product = view.catalogue.products.get(&unit.product);
        let name = product.map(|product| local(&product.names, language, &product.name));
        lines.push(Line::Priced(name.unwrap_or_default(), money(unit.amount)));
    }
    lines.push(Line::Priced(texts.total.to_owned(), money(sale.total)));
    let about = if names.is_empty() { sale.code.to_string() } else { names.join(", ") };
    Letter { subject: format!("{subject}: {about}"), text: text(&lines), html: html(&lines, texts.tag) }
}

/// Places by session, a line each. Answers the names of their events.
fn places(
    lines: &mut Vec<Line>,
    items: &[SoldItem],
    line: impl Fn(&SoldItem, String) -> Line,
    (texts, language): (&Texts, &Language),
    view: &ShardView,
    zones: &Zones,
) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    let mut sessions: Vec<_> = items.iter().map(|item| item.session).collect();
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
        let of_session = items.iter().filter(|item| item.session == session);
        lines.extend(of_session.map(|item| line(item, place(item, offer.map(AsRef::as_ref), texts))));
    }
    names
}

/// That somebody was given tickets. What they cost was the buyer's matter.
fn transferred(transfer: &Transfer, brought: Option<&str>, words: (&Texts, &Language), view: &ShardView, zones: &Zones) -> Letter {
    let texts = words.0;
    let said = [texts.transferred].into_iter().chain(brought).map(|said| Line::Plain(said.to_owned()));
    let mut lines = vec![Line::Plain(format!("{},", hello(transfer.name.as_deref(), texts)))];
    lines.extend(said.chain([Line::Heading(format!("{} {}", texts.order, transfer.code))]));
    let names = places(&mut lines, &transfer.items, |_, place| Line::Plain(place), words, view, zones);
    let about = if names.is_empty() { transfer.code.to_string() } else { names.join(", ") };
    Letter { subject: format!("{}: {about}", texts.subject), text: text(&lines), html: html(&lines, texts.tag) }
}

/// That a session was called off, and what becomes of what was paid.
fn called_off(affected: &Affected, so: &CalledOff, words: (&Texts, &Language), view: &ShardView, zones: &Zones) -> Letter {
    let texts = words.0;
    let end = match so {
        CalledOff::Refunded(refund) if refund.total > 0 => {
            let amount = format!("{} {}", refund.currency.show_amount(refund.total), refund.currency);
            vec![Line::Heading(format!("{} {}", texts.refund, refund.code)), Line::Priced(texts.total.to_owned(), amount)]
        }
        CalledOff::Refunded(_) => Vec::new(),
        CalledOff::Cancelled => vec![Line::Plain(texts.cancelled.to_owned())],
        CalledOff::Released => vec![Line::Plain(texts.released.to_owned())],
    };
    of_session(affected, (texts.called_off_subject, texts.called_off), end, words, view, zones)
}

/// That a session is at another time.
fn postponed(
    affected: &Affected,
    from: aforo_domain::moment::Timestamp,
    words: (&Texts, &Language),
    view: &ShardView,
    zones: &Zones,
) -> Letter {
    let texts = words.0;
    let before = view.catalogue.offers.get(&affected.session).map(|offer| when(from, offer, texts, zones));
    let end = before.into_iter().map(|before| Line::Copied(texts.before.to_owned(), before)).collect();
    of_session(affected, (texts.postponed_subject, texts.postponed), end, words, view, zones)
}

/// About an order's places of one session: what is said of it, which places, and what else.
fn of_session(
    affected: &Affected,
    (subject, said): (&str, &str),
    end: Vec<Line>,
    (texts, language): (&Texts, &Language),
    view: &ShardView,
    zones: &Zones,
) -> Letter {
    let buyer = affected.buyer.as_ref().and_then(|buyer| buyer.name.as_deref());
    let mut lines = vec![Line::Plain(format!("{},", hello(buyer, texts))), Line::Plain(said.to_owned())];
    lines.push(Line::Heading(format!("{} {}", texts.order, affected.code)));
    let offer = view.catalogue.offers.get(&affected.session);
    let name = offer.map_or_else(|| affected.code.to_string(), |offer| local(&offer.event.titles, language, &offer.event.name));
    lines.extend(offer.map(|offer| Line::Heading(format!("{name} · {}", when_and_where(offer, texts, zones)))));
    lines.extend(affected.items.iter().map(|item| Line::Plain(place(item, offer.map(AsRef::as_ref), texts))));
    lines.extend(end);
    Letter { subject: format!("{subject}: {name}"), text: text(&lines), html: html(&lines, texts.tag) }
}

/// How somebody is greeted whose name may be known.
fn hello(name: Option<&str>, texts: &Texts) -> String {
    name.map_or_else(|| texts.hello.to_owned(), |name| format!("{} {name}", texts.hello))
}

fn gift(letter: &GiftLetter, texts: &Texts) -> Letter {
    let amount = format!("{} {}", letter.currency.show_amount(letter.amount), letter.currency);
    let hello = hello(letter.receiver.name.as_deref(), texts);
    let mut lines = vec![Line::Plain(format!("{hello},")), Line::Plain(texts.gift.to_owned())];
    lines.extend(letter.from.as_ref().map(|from| Line::Copied(texts.gift_from.to_owned(), from.clone())));
    lines.extend(letter.image.as_ref().map(|image| Line::Picture(image.url.clone(), image.name.clone())));
    lines.extend(letter.receiver.message.iter().flat_map(|message| message.lines()).map(|line| Line::Plain(line.to_owned())));
    lines.push(Line::Heading(format!("{} · {amount}", texts.voucher)));
    lines.push(Line::Copied(texts.voucher_code.to_owned(), letter.code.clone()));
    lines.extend(letter.pin.as_ref().map(|pin| Line::Copied("PIN".to_owned(), pin.clone())));
    let until = letter.until.and_then(|until| Timestamp::from_microsecond(until.0).ok());
    let until = until.map(|until| until.to_zoned_datetime(TimeZone::UTC).strftime(texts.date).to_string());
    lines.extend(until.map(|until| Line::Copied(texts.voucher_until.to_owned(), format!("{until} UTC"))));
    Letter { subject: format!("{}: {amount}", texts.voucher), text: text(&lines), html: html(&lines, texts.tag) }
}

fn when_and_where(offer: &Offer, texts: &Texts, zones: &Zones) -> String {
    format!("{} · {}, {}", when(offer.session.start, offer, texts, zones), offer.venue.name, offer.venue.city)
}

/// An instant where the session is.
fn when(at: aforo_domain::moment::Timestamp, offer: &Offer, texts: &Texts, zones: &Zones) -> String {
    let at = Timestamp::from_microsecond(at.0).unwrap_or_default();
    at.to_zoned_datetime(zones.get(&offer.venue.time_zone)).strftime(texts.date).to_string()
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
            Line::Copied(what, value) => write!(text, "{what}: {value}\r\n"),
            Line::Picture(..) => Ok(()),
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
            Line::Copied(what, value) => write!(html, "<p>{}: <b>{}</b></p>", escaped(what), escaped(value)),
            Line::Picture(url, what) => write!(html, "<p><img src=\"{}\" alt=\"{}\" width=\"480\"></p>", escaped(url), escaped(what)),
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
    use std::sync::Arc;

    use aforo_domain::ids::GiftImageId;
    use aforo_domain::messages::GiftLetter;
    use aforo_domain::moment::Timestamp;
    use aforo_domain::money::Currency;
    use aforo_domain::text::Language;
    use aforo_domain::voucher_orders::{GiftImage, Receiver};

    use super::{Line, gift, html, text};
    use crate::outbox::mail::texts::Texts;

    #[test]
    fn a_gift_says_what_it_is_worth_and_how_it_is_used() {
        let (id, url, name) = (GiftImageId(1), "https://example.org/a.png?x=\"".to_owned(), "Roses".to_owned());
        let receiver = Receiver { name: Some("Zoe".to_owned()), message: Some("Many\nreturns <3".to_owned()), email: None };
        let letter = GiftLetter {
            code: "ABCD-EFGH-JKMN-2345".to_owned(),
            pin: Some("012345".to_owned()),
            amount: 2_550,
            currency: Currency::parse("EUR").unwrap(),
            until: Some(Timestamp(1_926_237_600_000_000)),
            image: Some(Arc::new(GiftImage { id, url, name, names: Default::default() })),
            from: Some("Ada".to_owned()),
            receiver,
        };
        let said = gift(&letter, Texts::of(&Language::parse("en-GB").unwrap()));
        assert_eq!(said.subject, "Gift voucher: 25.5 EUR");
        assert_eq!(
            said.text,
            "Hello Zoe,\r\nSomebody gives you a gift voucher. Enter its code when you pay for your tickets.\r\nFrom: Ada\r\nMany\r\nreturns <3\r\n\
             \r\nGift voucher · 25.5 EUR\r\nCode: ABCD-EFGH-JKMN-2345\r\nPIN: 012345\r\nValid until: 2031-01-15 10:00 UTC\r\n"
        );
        assert!(
            said.html.contains("src=\"https://example.org/a.png?x=&quot;\" alt=\"Roses\"") && said.html.contains("returns &lt;3"),
            "{}",
            said.html
        );
        assert!(!format!("{letter:?}").contains("ABCD") && !format!("{letter:?}").contains("012345"));
    }

    #[test]
    fn names_stay_texts() {
        let lines = [Line::Plain("<script>\"&".to_owned()), Line::Priced("<b>".to_owned(), "1 EUR".to_owned())];
        let html = html(&lines, "en");
        assert!(html.contains("<p>&lt;script&gt;&quot;&amp;</p>") && html.contains("&lt;b&gt; <b>1 EUR</b>"), "{html}");
        assert_eq!(text(&lines), "<script>\"&\r\n- <b>: 1 EUR\r\n");
    }
}
