//! All words of e-mails, in all languages that there are words in. Languages without any get English.

use aforo_domain::text::Language;

/// The words of one language.
#[derive(Debug)]
pub struct Texts {
    /// As a document says it.
    pub tag: &'static str,
    /// Before the name of the event.
    pub subject: &'static str,
    /// Before the buyer's name.
    pub hello: &'static str,
    /// After it.
    pub thanks: &'static str,
    /// Before the order's code.
    pub order: &'static str,
    /// Before a row's name.
    pub row: &'static str,
    /// Before a seat's name.
    pub seat: &'static str,
    /// Before what it costs in all.
    pub total: &'static str,
    /// How a day and its time are written (strftime).
    pub date: &'static str,
}

static ENGLISH: Texts = Texts {
    tag: "en",
    subject: "Your tickets",
    hello: "Hello",
    thanks: "Thank you for your purchase.",
    order: "Order",
    row: "row",
    seat: "seat",
    total: "Total",
    date: "%Y-%m-%d %H:%M",
};

/// All but English.
static OTHERS: &[Texts] = &[
    Texts {
        tag: "es",
        subject: "Tus entradas",
        hello: "Hola",
        thanks: "Gracias por tu compra.",
        order: "Pedido",
        row: "fila",
        seat: "butaca",
        total: "Total",
        date: "%d/%m/%Y %H:%M",
    },
    Texts {
        tag: "ca",
        subject: "Les teves entrades",
        hello: "Hola",
        thanks: "Gràcies per la teva compra.",
        order: "Comanda",
        row: "fila",
        seat: "seient",
        total: "Total",
        date: "%d/%m/%Y %H:%M",
    },
    Texts {
        tag: "fr",
        subject: "Vos billets",
        hello: "Bonjour",
        thanks: "Merci pour votre achat.",
        order: "Commande",
        row: "rang",
        seat: "place",
        total: "Total",
        date: "%d/%m/%Y %H:%M",
    },
    Texts {
        tag: "de",
        subject: "Ihre Eintrittskarten",
        hello: "Guten Tag",
        thanks: "Vielen Dank für Ihren Kauf.",
        order: "Bestellung",
        row: "Reihe",
        seat: "Platz",
        total: "Summe",
        date: "%d.%m.%Y %H:%M",
    },
];

impl Texts {
    /// The words of a language, whatever its region.
    pub fn of(language: &Language) -> &'static Self {
        let tag = language.as_str().split('-').next().unwrap_or_default();
        OTHERS.iter().find(|texts| texts.tag == tag).unwrap_or(&ENGLISH)
    }
}
