//! What tickets say in each language: labels, dates and amounts, all in one table. Names that people gave (events, venues, rates) are not here.

use aforo_domain::money::{Currency, Minor};
use aforo_domain::text::Language;
use jiff::ZonedDateTime;

/// A language that tickets are written in.
#[derive(Debug, PartialEq, Eq)]
pub struct Words {
    /// Its tag.
    pub tag: &'static str,
    /// Monday first.
    days: [&'static str; 7],
    /// As they stand in a date, with the word before or the ending behind them where that changes.
    months: [&'static str; 12],
    /// `{D}` day of the week, `{d}` day, `{m}` month, `{y}` year.
    date: &'static str,
    /// `{t}`: hours and minutes.
    time: &'static str,
    /// `{a}` amount, `{c}` currency.
    money: &'static str,
    /// What parts thousands, what parts decimals.
    marks: (&'static str, &'static str),
    /// What each line is called.
    pub labels: Labels,
}

/// What is said on a ticket.
#[derive(Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "what they are called in English says it")]
pub struct Labels {
    pub ticket: &'static str,
    pub invitation: &'static str,
    pub entrance: &'static str,
    pub sector: &'static str,
    pub row: &'static str,
    pub seat: &'static str,
    pub zone: &'static str,
    pub price_type: &'static str,
    pub rate: &'static str,
    pub price: &'static str,
    pub fees: &'static str,
    /// Before the taxes that a price includes.
    pub included: &'static str,
    pub buyer: &'static str,
    pub attendee: &'static str,
    pub order: &'static str,
    pub date: &'static str,
    pub venue: &'static str,
    pub promoter: &'static str,
    pub unconfirmed: &'static str,
    pub accessible: &'static str,
    pub companion: &'static str,
    pub restricted_view: &'static str,
    /// What to do with it.
    pub advice: &'static str,
}

impl Words {
    /// Those of a language, whatever its region; English where there are none.
    pub fn of(language: &Language) -> &'static Self {
        let tag = language.as_str().split('-').next().unwrap_or_default();
        ALL.iter().find(|words| words.tag == tag).unwrap_or(&ALL[0])
    }

    /// "sábado, 1 de marzo de 2031".
    pub fn date(&self, at: &ZonedDateTime) -> String {
        let day = self.days[at.weekday().to_monday_zero_offset() as usize % 7];
        let month = self.months[(at.month() as usize).saturating_sub(1) % 12];
        let filled = self.date.replace("{D}", day).replace("{d}", &at.day().to_string());
        filled.replace("{m}", month).replace("{y}", &at.year().to_string())
    }

    /// "20:00 h".
    pub fn time(&self, at: &ZonedDateTime) -> String {
        self.time.replace("{t}", &format!("{:02}:{:02}", at.hour(), at.minute()))
    }

    /// "1.250,00 €".
    pub fn money(&self, currency: Currency, amount: Minor) -> String {
        let symbol = match currency.code() {
            "EUR" => "€",
            "GBP" => "£",
            code => code,
        };
        // Letters do not stick to their number.
        let pattern = if symbol.is_ascii() { self.money.replace("{c}{a}", "{c}\u{a0}{a}") } else { self.money.to_owned() };
        pattern.replace("{c}", symbol).replace("{a}", &self.amount(currency, amount))
    }

    fn amount(&self, currency: Currency, amount: Minor) -> String {
        let scale = 10_u64.pow(currency.decimals());
        let (whole, rest) = (amount.unsigned_abs() / scale, amount.unsigned_abs() % scale);
        let digits = whole.to_string();
        let mut text = if amount < 0 { "-".to_owned() } else { String::new() };
        for (index, digit) in digits.chars().enumerate() {
            if index > 0 && (digits.len() - index) % 3 == 0 {
                text.push_str(self.marks.0);
            }
            text.push(digit);
        }
        if currency.decimals() > 0 {
            text.push_str(self.marks.1);
            text.push_str(&format!("{rest:0>width$}", width = currency.decimals() as usize));
        }
        text
    }

    /// A number that has a decimal point, as it is written here.
    pub fn decimal(&self, number: &str) -> String {
        number.replace('.', self.marks.1)
    }
}

/// English first: it stands in for what is not here.
static ALL: [Words; 10] = [
    Words {
        tag: "en",
        days: ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"],
        months: ["January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"],
        date: "{D} {d} {m} {y}",
        time: "{t}",
        money: "{c}{a}",
        marks: (",", "."),
        labels: Labels {
            ticket: "Ticket",
            invitation: "Invitation",
            entrance: "Entrance",
            sector: "Sector",
            row: "Row",
            seat: "Seat",
            zone: "Zone",
            price_type: "Price type",
            rate: "Rate",
            price: "Price",
            fees: "fees",
            included: "Includes",
            buyer: "Buyer",
            attendee: "Attendee",
            order: "Order",
            date: "Date",
            venue: "Venue",
            promoter: "Promoter",
            unconfirmed: "The date may still change.",
            accessible: "Wheelchair-accessible place.",
            companion: "For the companion of a wheelchair user.",
            restricted_view: "Restricted view.",
            advice: "Show this code at the entrance, on paper or on your phone. It opens once: do not share it.",
        },
    },
    Words {
        tag: "es",
        days: ["lunes", "martes", "miércoles", "jueves", "viernes", "sábado", "domingo"],
        months: [
            "enero",
            "febrero",
            "marzo",
            "abril",
            "mayo",
            "junio",
            "julio",
            "agosto",
            "septiembre",
            "octubre",
            "noviembre",
            "diciembre",
        ],
        date: "{D}, {d} de {m} de {y}",
        time: "{t} h",
        money: "{a}\u{a0}{c}",
        marks: (".", ","),
        labels: Labels {
            ticket: "Entrada",
            invitation: "Invitación",
            entrance: "Acceso",
            sector: "Sector",
            row: "Fila",
            seat: "Butaca",
            zone: "Zona",
            price_type: "Localidad",
            rate: "Tarifa",
            price: "Precio",
            fees: "gastos",
            included: "Incluye",
            buyer: "Comprador",
            attendee: "Asistente",
            order: "Pedido",
            date: "Fecha",
            venue: "Recinto",
            promoter: "Organiza",
            unconfirmed: "La fecha aún puede cambiar.",
            accessible: "Plaza accesible para silla de ruedas.",
            companion: "Plaza de acompañante de una persona en silla de ruedas.",
            restricted_view: "Visibilidad reducida.",
            advice: "Muestra este código en la entrada, en papel o en el móvil. Solo abre una vez: no lo compartas.",
        },
    },
    Words {
        tag: "ca",
        days: ["dilluns", "dimarts", "dimecres", "dijous", "divendres", "dissabte", "diumenge"],
        months: [
            "de gener",
            "de febrer",
            "de març",
            "d’abril",
            "de maig",
            "de juny",
            "de juliol",
            "d’agost",
            "de setembre",
            "d’octubre",
            "de novembre",
            "de desembre",
        ],
        date: "{D}, {d} {m} del {y}",
        time: "{t} h",
        money: "{a}\u{a0}{c}",
        marks: (".", ","),
        labels: Labels {
            ticket: "Entrada",
            invitation: "Invitació",
            entrance: "Accés",
            sector: "Sector",
            row: "Fila",
            seat: "Seient",
            zone: "Zona",
            price_type: "Localitat",
            rate: "Tarifa",
            price: "Preu",
            fees: "despeses",
            included: "Inclou",
            buyer: "Comprador",
            attendee: "Assistent",
            order: "Comanda",
            date: "Data",
            venue: "Recinte",
            promoter: "Organitza",
            unconfirmed: "La data encara pot canviar.",
            accessible: "Plaça accessible per a cadira de rodes.",
            companion: "Plaça d’acompanyant d’una persona en cadira de rodes.",
            restricted_view: "Visibilitat reduïda.",
            advice: "Mostra aquest codi a l’entrada, en paper o al mòbil. Només obre una vegada: no el comparteixis.",
        },
    },
    Words {
        tag: "gl",
        days: ["luns", "martes", "mércores", "xoves", "venres", "sábado", "domingo"],
        months: ["xaneiro", "febreiro", "marzo", "abril", "maio", "xuño", "xullo", "agosto", "setembro", "outubro", "novembro", "decembro"],
        date: "{D}, {d} de {m} de {y}",
        time: "{t} h",
        money: "{a}\u{a0}{c}",
        marks: (".", ","),
        labels: Labels {
            ticket: "Entrada",
            invitation: "Invitación",
            entrance: "Acceso",
            sector: "Sector",
            row: "Fila",
            seat: "Butaca",
            zone: "Zona",
            price_type: "Localidade",
            rate: "Tarifa",
            price: "Prezo",
            fees: "gastos",
            included: "Inclúe",
            buyer: "Comprador",
            attendee: "Asistente",
            order: "Pedido",
            date: "Data",
            venue: "Recinto",
            promoter: "Organiza",
            unconfirmed: "A data aínda pode cambiar.",
            accessible: "Praza accesible para cadeira de rodas.",
            companion: "Praza de acompañante dunha persoa en cadeira de rodas.",
            restricted_view: "Visibilidade reducida.",
            advice: "Amosa este código na entrada, en papel ou no móbil. Só abre unha vez: non o compartas.",
        },
    },
    Words {
        tag: "eu",
        days: ["astelehena", "asteartea", "asteazkena", "osteguna", "ostirala", "larunbata", "igandea"],
        months: [
            "urtarrilaren",
            "otsailaren",
            "martxoaren",
            "apirilaren",
            "maiatzaren",
            "ekainaren",
            "uztailaren",
            "abuztuaren",
            "irailaren",
            "urriaren",
            "azaroaren",
            "abenduaren",
        ],
        date: "{y}(e)ko {m} {d}(a), {D}",
        time: "{t}",
        money: "{a}\u{a0}{c}",
        marks: (".", ","),
        labels: Labels {
            ticket: "Sarrera",
            invitation: "Gonbidapena",
            entrance: "Atea",
            sector: "Sektorea",
            row: "Ilara",
            seat: "Eserlekua",
            zone: "Eremua",
            price_type: "Prezio mota",
            rate: "Tarifa",
            price: "Prezioa",
            fees: "gastuak",
            included: "Barne",
            buyer: "Eroslea",
            attendee: "Bertaratua",
            order: "Eskaera",
            date: "Data",
            venue: "Lekua",
            promoter: "Antolatzailea",
            unconfirmed: "Data alda daiteke oraindik.",
            accessible: "Gurpil-aulkientzako leku irisgarria.",
            companion: "Gurpil-aulkian doanaren laguntzailearen lekua.",
            restricted_view: "Ikuspen murriztua.",
            advice: "Erakutsi kode hau sarreran, paperean edo mugikorrean. Behin bakarrik irekitzen du: ez partekatu.",
        },
    },
    Words {
        tag: "fr",
        days: ["lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche"],
        months: ["janvier", "février", "mars", "avril", "mai", "juin", "juillet", "août", "septembre", "octobre", "novembre", "décembre"],
        date: "{D} {d} {m} {y}",
        time: "{t}",
        money: "{a}\u{a0}{c}",
        marks: ("\u{a0}", ","),
        labels: Labels {
            ticket: "Billet",
            invitation: "Invitation",
            entrance: "Accès",
            sector: "Secteur",
            row: "Rang",
            seat: "Place",
            zone: "Zone",
            price_type: "Catégorie",
            rate: "Tarif",
            price: "Prix",
            fees: "frais",
            included: "Dont",
            buyer: "Acheteur",
            attendee: "Participant",
            order: "Commande",
            date: "Date",
            venue: "Lieu",
            promoter: "Organisateur",
            unconfirmed: "La date peut encore changer.",
            accessible: "Place accessible en fauteuil roulant.",
            companion: "Place d’accompagnateur d’une personne en fauteuil roulant.",
            restricted_view: "Visibilité réduite.",
            advice: "Présentez ce code à l’entrée, sur papier ou sur votre téléphone. Il n’ouvre qu’une fois : ne le partagez pas.",
        },
    },
    Words {
        tag: "de",
        days: ["Montag", "Dienstag", "Mittwoch", "Donnerstag", "Freitag", "Samstag", "Sonntag"],
        months: ["Januar", "Februar", "März", "April", "Mai", "Juni", "Juli", "August", "September", "Oktober", "November", "Dezember"],
        date: "{D}, {d}. {m} {y}",
        time: "{t} Uhr",
        money: "{a}\u{a0}{c}",
        marks: (".", ","),
        labels: Labels {
            ticket: "Eintrittskarte",
            invitation: "Einladung",
            entrance: "Eingang",
            sector: "Block",
            row: "Reihe",
            seat: "Platz",
            zone: "Bereich",
            price_type: "Kategorie",
            rate: "Tarif",
            price: "Preis",
            fees: "Gebühren",
            included: "Enthält",
            buyer: "Käufer",
            attendee: "Besucher",
            order: "Bestellung",
            date: "Datum",
            venue: "Ort",
            promoter: "Veranstalter",
            unconfirmed: "Der Termin kann sich noch ändern.",
            accessible: "Rollstuhlplatz.",
            companion: "Platz für die Begleitung einer Person im Rollstuhl.",
            restricted_view: "Eingeschränkte Sicht.",
            advice: "Zeigen Sie diesen Code am Eingang, auf Papier oder auf dem Telefon. Er gilt nur einmal: Geben Sie ihn nicht weiter.",
        },
    },
    Words {
        tag: "it",
        days: ["lunedì", "martedì", "mercoledì", "giovedì", "venerdì", "sabato", "domenica"],
        months: [
            "gennaio",
            "febbraio",
            "marzo",
            "aprile",
            "maggio",
            "giugno",
            "luglio",
            "agosto",
            "settembre",
            "ottobre",
            "novembre",
            "dicembre",
        ],
        date: "{D} {d} {m} {y}",
        time: "ore {t}",
        money: "{a}\u{a0}{c}",
        marks: (".", ","),
        labels: Labels {
            ticket: "Biglietto",
            invitation: "Invito",
            entrance: "Ingresso",
            sector: "Settore",
            row: "Fila",
            seat: "Posto",
            zone: "Zona",
            price_type: "Categoria",
            rate: "Tariffa",
            price: "Prezzo",
            fees: "commissioni",
            included: "Include",
            buyer: "Acquirente",
            attendee: "Partecipante",
            order: "Ordine",
            date: "Data",
            venue: "Luogo",
            promoter: "Organizzatore",
            unconfirmed: "La data può ancora cambiare.",
            accessible: "Posto accessibile in sedia a rotelle.",
            companion: "Posto per l’accompagnatore di una persona in sedia a rotelle.",
            restricted_view: "Visibilità ridotta.",
            advice: "Mostra questo codice all’ingresso, su carta o sul telefono. Apre una sola volta: non condividerlo.",
        },
    },
    Words {
        tag: "pt",
        days: ["segunda-feira", "terça-feira", "quarta-feira", "quinta-feira", "sexta-feira", "sábado", "domingo"],
        months: [
            "janeiro",
            "fevereiro",
            "março",
            "abril",
            "maio",
            "junho",
            "julho",
            "agosto",
            "setembro",
            "outubro",
            "novembro",
            "dezembro",
        ],
        date: "{D}, {d} de {m} de {y}",
        time: "{t}",
        money: "{a}\u{a0}{c}",
        marks: (".", ","),
        labels: Labels {
            ticket: "Bilhete",
            invitation: "Convite",
            entrance: "Acesso",
            sector: "Setor",
            row: "Fila",
            seat: "Lugar",
            zone: "Zona",
            price_type: "Categoria",
            rate: "Tarifa",
            price: "Preço",
            fees: "taxas",
            included: "Inclui",
            buyer: "Comprador",
            attendee: "Participante",
            order: "Encomenda",
            date: "Data",
            venue: "Local",
            promoter: "Organização",
            unconfirmed: "A data ainda pode mudar.",
            accessible: "Lugar acessível para cadeira de rodas.",
            companion: "Lugar de acompanhante de uma pessoa em cadeira de rodas.",
            restricted_view: "Visibilidade reduzida.",
            advice: "Mostre este código à entrada, em papel ou no telemóvel. Só abre uma vez: não o partilhe.",
        },
    },
    Words {
        tag: "nl",
        days: ["maandag", "dinsdag", "woensdag", "donderdag", "vrijdag", "zaterdag", "zondag"],
        months: [
            "januari",
            "februari",
            "maart",
            "april",
            "mei",
            "juni",
            "juli",
            "augustus",
            "september",
            "oktober",
            "november",
            "december",
        ],
        date: "{D} {d} {m} {y}",
        time: "{t} uur",
        money: "{c}\u{a0}{a}",
        marks: (".", ","),
        labels: Labels {
            ticket: "Ticket",
            invitation: "Uitnodiging",
            entrance: "Ingang",
            sector: "Vak",
            row: "Rij",
            seat: "Stoel",
            zone: "Zone",
            price_type: "Categorie",
            rate: "Tarief",
            price: "Prijs",
            fees: "kosten",
            included: "Inclusief",
            buyer: "Koper",
            attendee: "Bezoeker",
            order: "Bestelling",
            date: "Datum",
            venue: "Locatie",
            promoter: "Organisator",
            unconfirmed: "De datum kan nog wijzigen.",
            accessible: "Rolstoelplaats.",
            companion: "Plaats voor de begeleider van iemand in een rolstoel.",
            restricted_view: "Beperkt zicht.",
            advice: "Toon deze code bij de ingang, op papier of op je telefoon. Hij geldt maar één keer: deel hem niet.",
        },
    },
];

#[cfg(test)]
mod tests {
    use aforo_domain::money::Currency;
    use aforo_domain::text::Language;

    use super::{ALL, Words};

    fn words(tag: &str) -> &'static Words {
        Words::of(&Language::parse(tag).unwrap())
    }

    #[test]
    fn dates_are_each_language_s_own() {
        let at = "2031-04-05T20:30:00+02:00[Europe/Madrid]".parse().unwrap();
        let shown = |tag| format!("{} · {}", words(tag).date(&at), words(tag).time(&at));
        let all: Vec<_> = ALL.iter().map(|words| shown(words.tag)).collect();
        assert_eq!(
            all,
            [
                "Saturday 5 April 2031 · 20:30",
                "sábado, 5 de abril de 2031 · 20:30 h",
                "dissabte, 5 d’abril del 2031 · 20:30 h",
                "sábado, 5 de abril de 2031 · 20:30 h",
                "2031(e)ko apirilaren 5(a), larunbata · 20:30",
                "samedi 5 avril 2031 · 20:30",
                "Samstag, 5. April 2031 · 20:30 Uhr",
                "sabato 5 aprile 2031 · ore 20:30",
                "sábado, 5 de abril de 2031 · 20:30",
                "zaterdag 5 april 2031 · 20:30 uur",
            ]
        );
        assert_eq!(shown("es-MX"), shown("es"));
        assert_eq!(shown("sv-SE"), shown("en"), "what is not in the table is said in English");
    }

    #[test]
    fn amounts_are_each_language_s_own() {
        let shown = |tag, currency, amount| words(tag).money(Currency::parse(currency).unwrap(), amount).replace('\u{a0}', "_");
        assert_eq!(shown("es", "EUR", 125_000_005), "1.250.000,05_€");
        assert_eq!(shown("en", "EUR", 99_950), "€999.50");
        assert_eq!(shown("en", "USD", 100_000), "USD_1,000.00");
        assert_eq!(shown("fr", "EUR", 100_000), "1_000,00_€");
        assert_eq!(shown("nl", "EUR", 0), "€_0,00");
        assert_eq!(shown("de", "JPY", 1_500), "1.500_JPY");
        assert_eq!(shown("de", "KWD", -1_500), "-1,500_KWD");
    }
}
