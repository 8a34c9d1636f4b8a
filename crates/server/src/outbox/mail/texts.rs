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
    /// Before the name of the event, of what comes back.
    pub refund_subject: &'static str,
    /// That something comes back.
    pub refunded: &'static str,
    /// Before the refund's code.
    pub refund: &'static str,
    /// Before a row's name.
    pub row: &'static str,
    /// Before a seat's name.
    pub seat: &'static str,
    /// Before products.
    pub products: &'static str,
    /// Before what it costs in all.
    pub total: &'static str,
    /// That somebody gives a voucher.
    pub gift: &'static str,
    /// Before the giver's name.
    pub gift_from: &'static str,
    pub voucher: &'static str,
    pub voucher_code: &'static str,
    /// Before the time at which it is over.
    pub voucher_until: &'static str,
    /// How a day and its time are written (strftime).
    pub date: &'static str,
}

static ENGLISH: Texts = Texts {
    tag: "en",
    subject: "Your tickets",
    hello: "Hello",
    thanks: "Thank you for your purchase.",
    order: "Order",
    refund_subject: "Your refund",
    refunded: "We have refunded part or all of your order. This is what comes back.",
    refund: "Refund",
    row: "row",
    seat: "seat",
    products: "Also",
    total: "Total",
    gift: "Somebody gives you a gift voucher. Enter its code when you pay for your tickets.",
    gift_from: "From",
    voucher: "Gift voucher",
    voucher_code: "Code",
    voucher_until: "Valid until",
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
        refund_subject: "Tu devolución",
        refunded: "Hemos devuelto tu pedido o una parte. Esto es lo que se te devuelve.",
        refund: "Devolución",
        row: "fila",
        seat: "butaca",
        products: "También",
        total: "Total",
        gift: "Te han regalado una tarjeta regalo. Introduce su código al pagar tus entradas.",
        gift_from: "De parte de",
        voucher: "Tarjeta regalo",
        voucher_code: "Código",
        voucher_until: "Válida hasta",
        date: "%d/%m/%Y %H:%M",
    },
    Texts {
        tag: "ca",
        subject: "Les teves entrades",
        hello: "Hola",
        thanks: "Gràcies per la teva compra.",
        order: "Comanda",
        refund_subject: "La teva devolució",
        refunded: "Hem retornat la teva comanda o una part. Això és el que se't retorna.",
        refund: "Devolució",
        row: "fila",
        seat: "seient",
        products: "També",
        total: "Total",
        gift: "T'han regalat una targeta regal. Introdueix-ne el codi quan paguis les teves entrades.",
        gift_from: "De part de",
        voucher: "Targeta regal",
        voucher_code: "Codi",
        voucher_until: "Vàlida fins al",
        date: "%d/%m/%Y %H:%M",
    },
    Texts {
        tag: "fr",
        subject: "Vos billets",
        hello: "Bonjour",
        thanks: "Merci pour votre achat.",
        order: "Commande",
        refund_subject: "Votre remboursement",
        refunded: "Nous avons remboursé tout ou partie de votre commande. Voici ce qui vous revient.",
        refund: "Remboursement",
        row: "rang",
        seat: "place",
        products: "Et aussi",
        total: "Total",
        gift: "On vous offre une carte cadeau. Saisissez son code au moment de payer vos billets.",
        gift_from: "De la part de",
        voucher: "Carte cadeau",
        voucher_code: "Code",
        voucher_until: "Valable jusqu'au",
        date: "%d/%m/%Y %H:%M",
    },
    Texts {
        tag: "de",
        subject: "Ihre Eintrittskarten",
        hello: "Guten Tag",
        thanks: "Vielen Dank für Ihren Kauf.",
        order: "Bestellung",
        refund_subject: "Ihre Erstattung",
        refunded: "Wir haben Ihre Bestellung ganz oder zum Teil erstattet. Das bekommen Sie zurück.",
        refund: "Erstattung",
        row: "Reihe",
        seat: "Platz",
        products: "Außerdem",
        total: "Summe",
        gift: "Sie haben einen Geschenkgutschein erhalten. Geben Sie den Code ein, wenn Sie Ihre Eintrittskarten bezahlen.",
        gift_from: "Von",
        voucher: "Geschenkgutschein",
        voucher_code: "Code",
        voucher_until: "Gültig bis",
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
