//! What is on the page.

use aforo_testkit::builders::{SmallWorld, channel, id, publish};
use aforo_testkit::caller::SellerClient;
use aforo_testkit::spawn::TestServer;
use serde_json::json;

use super::programs::{ink_in_margin, pages, printed, read_code};
use super::{API, code, finish, sell, tickets};

pub async fn one_page_a_ticket_and_its_code_reads_back(server: &TestServer) {
    let world = SmallWorld::set_up(server).await;
    let seller = world.seller().await;
    let order = sell(&world, &seller, &world.row[..3]).await;
    let (path, tickets) = (format!("{API}/{}", code(&order)), tickets(&order));
    let answer = seller.0.get(format!("{path}/tickets.pdf")).await;
    let headers = ["content-type", "cache-control", "content-disposition"].map(|name| answer.header(name));
    assert_eq!(headers, ["application/pdf", "private, no-store", &format!("inline; filename=\"{}.pdf\"", code(&order))]);
    assert_eq!(answer.status, 200);
    let (texts, pictures) = (pages(&answer.bytes), printed(&answer.bytes));
    assert_eq!((texts.len(), pictures.len()), (3, 3));
    for ((text, picture), (_, barcode)) in texts.iter().zip(&pictures).zip(&tickets) {
        assert_eq!(read_code(picture), *barcode);
        assert!(text.contains(barcode), "{text}");
        assert_eq!(ink_in_margin(picture), 0);
    }
    assert_eq!(seller.0.get(format!("{path}/tickets.pdf")).await.bytes, answer.bytes, "the same tickets make the same document");

    let (item, barcode) = &tickets[1];
    let one = seller.0.get(format!("{path}/tickets.pdf?item={item}")).await;
    assert_eq!(printed(&one.bytes).iter().map(read_code).collect::<Vec<_>>(), [barcode.as_str()]);
    let png = seller.0.get(format!("{path}/items/{item}/qr.png")).await;
    assert_eq!((png.status, png.header("content-type"), png.header("cache-control")), (200, "image/png", "private, no-store"));
    assert!(png.bytes.starts_with(b"\x89PNG"));
    let svg = seller.0.get(format!("{path}/items/{item}/qr.svg")).await;
    assert_eq!((svg.status, svg.header("content-type"), svg.header("cache-control")), (200, "image/svg+xml", "private, no-store"));
    assert!(svg.text.starts_with("<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 "), "{}", svg.text);
    assert!(!svg.text.contains(barcode), "only the code says it");
}

const SPANISH: &[&str] = &[
    "ENTRADA Teatre",
    "Carmen",
    "Ópera de Bizet",
    "Friday",
    "Fecha",
    "Viernes, 31 de enero de 2031",
    "20:00 h",
    "Recinto",
    "Teatre",
    "Gran Via 1, Valencia",
    "<barcode>",
    "Sector Fila Butaca",
    "Stalls A 1",
    "Localidad Tarifa Precio",
    "Stalls Adult 21,50 €",
    "20,00 € + 1,50 € (gastos).",
    "Incluye IVA 10 %: 1,82 €,",
    "IVA 21 %: 0,26 €",
    "Asistente Comprador Pedido",
    "Núria Peña Ada Vidal <code>",
    "Muestra este código en la entrada, en papel o en el móvil. Solo abre una vez: no lo 1/1",
    "compartas.",
];

const ENGLISH: &[&str] = &[
    "TICKET Teatre",
    "Carmen, sung in French",
    "Ópera de Bizet",
    "Friday",
    "Date",
    "Friday 31 January 2031",
    "20:00",
    "Venue",
    "Teatre",
    "Gran Via 1, Valencia",
    "<barcode>",
    "Sector Row Seat",
    "Stalls A 2",
    "Price type Rate Price",
    "Stalls Adult €21.50",
    "€20.00 + €1.50 (fees). Includes",
    "IVA 10 %: €1.82, IVA 21 %: €0.26",
    "Attendee Buyer Order",
    "Núria Peña Ada Vidal <code>",
    "Show this code at the entrance, on paper or on your phone. It opens once: do not share it. 1/1",
];

pub async fn an_order_is_printed_in_its_language(server: &TestServer) {
    let world = SmallWorld::set_up(server).await;
    let admin = &world.admin;
    let texts = json!({"title": {"es-ES": "Carmen", "en-GB": "Carmen, sung in French"}, "subtitle": {"es-ES": "Ópera de Bizet"}});
    let form = json!({"fields": [{"key": "name", "type": "TEXT"}, {"key": "surname", "type": "TEXT"}]});
    admin.change(&format!("/events/{}", world.event), json!({"texts": texts, "attendee_form": form})).await;
    let taxes = json!({"tickets": [{"name": "IVA", "value": 10}], "surcharges": [{"name": "IVA", "value": 21}]});
    world.change_session(json!({"taxes": taxes, "surcharges": [{"type": "PER_TICKET", "value": 1.5}]})).await;
    admin.change(&format!("/channels/{}", world.web.id), json!({"languages": ["es-ES", "en-US", "ca-ES", "sv-SE"]})).await;
    let seller = world.seller().await;
    let print = async |language: &str, seat: u64| {
        let order = seller.0.post(aforo_testkit::caller::ORDERS, json!({ "language": language })).await.ok();
        let order = order["id"].as_str().unwrap();
        let body = seller.add_seats(order, world.session, &[seat]).await.ok();
        let attendee = json!({"attendees": [{"item_id": id(&body["items"][0]), "fields": {"name": "Núria", "surname": "Peña"}}]});
        seller.order("POST", order, "/attendees", Some(attendee)).await.ok();
        let order = finish(&seller, order).await;
        let text = pages(&seller.0.get(format!("{API}/{}/tickets.pdf", code(&order))).await.bytes).remove(0);
        text.replace(code(&order), "<code>").replace(&tickets(&order)[0].1, "<barcode>")
    };
    let spanish = print("es-ES", world.row[0]).await;
    assert_eq!(spanish.lines().collect::<Vec<_>>(), SPANISH);
    let english = print("en-US", world.row[1]).await;
    assert_eq!(english.lines().collect::<Vec<_>>(), ENGLISH);
    let catalan = print("ca-ES", world.row[2]).await;
    assert!(catalan.contains("Divendres, 31 de gener del 2031") && catalan.contains("Seient"), "{catalan}");
    let swedish = print("sv-SE", world.row[3]).await;
    assert!(swedish.contains("Friday 31 January 2031") && swedish.contains("Seat"), "{swedish}");
}

/// The longest names that are taken, in an order of another entity's event, with an invitation to a zone.
pub async fn whatever_it_is_called_it_stays_on_its_page(server: &TestServer) {
    let world = SmallWorld::set_up(server).await;
    let admin = &world.admin;
    let long = |word: &str| word.repeat(1_000 / word.chars().count());
    let titles = json!({"title": {"es-ES": long("Donaudampfschifffahrt ")}, "subtitle": {"es-ES": long("Ωδείο Ηρώδου Αττικού ")}});
    admin.change(&format!("/events/{}", world.event), json!({ "texts": titles })).await;
    admin.change("/venues/1", json!({"name": long("W"), "location": {"address": long("Straße ")}})).await;
    admin.change(&format!("/entities/{}", world.theatre), json!({"name": "Gesellschaft".repeat(16)})).await;
    let guests = json!([{"name": "Adult", "id": world.adult, "default": true, "prices": [{"price_type_id": world.floor, "value": 10}]},
        {"name": long("x"), "invitation": {}}]);
    let session = world
        .change_session(json!({"rates": guests, "texts": {"title": {"es-ES": long("Función ")}}, "date": {"start_unconfirmed": true}}))
        .await;
    let guest = id(&session["rates"][1]);
    let partner = channel(admin, world.theatre, "B2B").await;
    admin.change(&format!("/channels/{}", partner.id), json!({"invitations": true})).await;
    publish(admin, world.event, world.session, partner.id, json!({})).await;
    let seller = SellerClient::sign_in(world.nobody(), partner.id, &partner.secret).await;
    let order = seller.create().await;
    let body = json!({"session_id": world.session, "price_type_id": world.floor, "quantity": 1, "rate_id": guest});
    seller.order("POST", &order, "/seats-auto", Some(body)).await.ok();
    let order = finish(&seller, &order).await;
    let pdf = seller.0.get(format!("{API}/{}/tickets.pdf", code(&order))).await.bytes;
    let pictures = printed(&pdf);
    assert_eq!((pictures.len(), ink_in_margin(&pictures[0])), (1, 0));
    assert_eq!(read_code(&pictures[0]), tickets(&order)[0].1);
    let text = pages(&pdf).remove(0);
    for said in ["INVITACIÓN", "Invitación", "Zona", "Floor", "La fecha aún puede cambiar.", "…", code(&order)] {
        assert!(text.contains(said), "{said} in {text}");
    }
    assert!(!text.contains("Incluye"), "nothing was paid: {text}");
}
