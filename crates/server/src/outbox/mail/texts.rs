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
    /// That the tickets are with the letter.
    pub enclosed: &'static str,
    /// That they are not, because there are too many.
    pub too_many: &'static str,
    /// Before the order's code.
    pub order: &'static str,
    /// Before the name of the event, of what comes back.
    pub refund_subject: &'static str,
    /// That something comes back.
    pub refunded: &'static str,
    /// Before the refund's code.
    pub refund: &'static str,
    /// Before the name of the event, of what was called off.
    pub called_off_subject: &'static str,
    /// That it was.
    pub called_off: &'static str,
    /// That its tickets are not valid any more.
    pub cancelled: &'static str,
    /// That its booking is over.
    pub released: &'static str,
    /// Before the name of the event, of what is at another time.
    pub postponed_subject: &'static str,
    /// That it is.
    pub postponed: &'static str,
    /// Before the time at which it was to start.
    pub before: &'static str,
    /// That somebody was given tickets.
    pub transferred: &'static str,
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
    enclosed: "Your tickets are attached.",
    too_many: "There are too many tickets to attach them all. You get them where you bought them: name your order's code.",
    order: "Order",
    refund_subject: "Your refund",
    refunded: "We have refunded part or all of your order. This is what comes back.",
    refund: "Refund",
    called_off_subject: "Called off",
    called_off: "We are sorry: this will not take place. You have places for it.",
    cancelled: "Your tickets are not valid any more. Ask where you bought them what becomes of what you paid.",
    released: "Your booking is over.",
    postponed_subject: "New date",
    postponed: "This will take place at another time. Your tickets stay valid.",
    before: "Before",
    transferred: "Somebody gave you these tickets. Only yours are valid now: those that were sent to others before open no gate any more.",
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
        enclosed: "Adjuntamos tus entradas.",
        too_many: "Son demasiadas entradas para adjuntarlas. Las recibirás donde las compraste: indica el código de tu pedido.",
        order: "Pedido",
        refund_subject: "Tu devolución",
        refunded: "Hemos devuelto tu pedido o una parte. Esto es lo que se te devuelve.",
        refund: "Devolución",
        called_off_subject: "Cancelado",
        called_off: "Lo sentimos: no se celebrará. Tienes localidades.",
        cancelled: "Tus entradas ya no son válidas. Pregunta donde las compraste qué pasa con lo que pagaste.",
        released: "Tu reserva ha terminado.",
        postponed_subject: "Nueva fecha",
        postponed: "Se celebrará en otro momento. Tus entradas siguen siendo válidas.",
        before: "Antes",
        transferred: "Te han dado estas entradas. Ahora solo valen las tuyas: las que otros recibieron antes ya no abren ninguna puerta.",
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
        enclosed: "Hi adjuntem les teves entrades.",
        too_many: "Són massa entrades per adjuntar-les. Les rebràs on les vas comprar: indica el codi de la comanda.",
        order: "Comanda",
        refund_subject: "La teva devolució",
        refunded: "Hem retornat la teva comanda o una part. Això és el que se't retorna.",
        refund: "Devolució",
        called_off_subject: "Cancel·lat",
        called_off: "Ho sentim: no se celebrarà. Hi tens localitats.",
        cancelled: "Les teves entrades ja no són vàlides. Pregunta on les vas comprar què passa amb el que vas pagar.",
        released: "La teva reserva s'ha acabat.",
        postponed_subject: "Nova data",
        postponed: "Se celebrarà en un altre moment. Les teves entrades continuen sent vàlides.",
        before: "Abans",
        transferred: "T'han donat aquestes entrades. Ara només valen les teves: les que altres van rebre abans ja no obren cap porta.",
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
        enclosed: "Vos billets sont joints à ce message.",
        too_many: "Il y a trop de billets pour les joindre. Vous les obtenez là où vous les avez achetés : indiquez le code de votre commande.",
        order: "Commande",
        refund_subject: "Votre remboursement",
        refunded: "Nous avons remboursé tout ou partie de votre commande. Voici ce qui vous revient.",
        refund: "Remboursement",
        called_off_subject: "Annulé",
        called_off: "Nous sommes désolés : cela n'aura pas lieu. Vous y avez des places.",
        cancelled: "Vos billets ne sont plus valables. Demandez là où vous les avez achetés ce que devient ce que vous avez payé.",
        released: "Votre réservation est terminée.",
        postponed_subject: "Nouvelle date",
        postponed: "Cela aura lieu à un autre moment. Vos billets restent valables.",
        before: "Avant",
        transferred: "On vous a donné ces billets. Seuls les vôtres sont valables : ceux que d'autres ont reçus auparavant n'ouvrent plus aucune porte.",
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
        enclosed: "Ihre Eintrittskarten hängen an.",
        too_many: "Es sind zu viele Eintrittskarten, um sie anzuhängen. Sie bekommen sie dort, wo Sie sie gekauft haben: Nennen Sie den Code Ihrer Bestellung.",
        order: "Bestellung",
        refund_subject: "Ihre Erstattung",
        refunded: "Wir haben Ihre Bestellung ganz oder zum Teil erstattet. Das bekommen Sie zurück.",
        refund: "Erstattung",
        called_off_subject: "Abgesagt",
        called_off: "Es tut uns leid: Das findet nicht statt. Sie haben Plätze dafür.",
        cancelled: "Ihre Eintrittskarten gelten nicht mehr. Fragen Sie dort, wo Sie sie gekauft haben, was mit Ihrem Geld wird.",
        released: "Ihre Buchung ist zu Ende.",
        postponed_subject: "Neuer Termin",
        postponed: "Das findet zu einer anderen Zeit statt. Ihre Eintrittskarten bleiben gültig.",
        before: "Bisher",
        transferred: "Sie haben diese Eintrittskarten von jemandem bekommen. Nur Ihre gelten jetzt: Die anderen zuvor geschickt wurden, öffnen keine Tür mehr.",
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
