//! Tickets to hand out: as a document to print, as a code to show, as a pass for a phone. Only tickets that are valid are.

use std::sync::Arc;

use aforo_domain::error::{Code, DetailId, Error};
use aforo_domain::ids::{ItemId, OrderCode};
use aforo_domain::orders::{Order, Ticket};
use axum::http::HeaderValue;
use axum::http::header::{CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;

use super::PathCode;
use crate::http::checks::Checks;
use crate::http::clerk::{Clerk, HandsOut};
use crate::http::extract::PathItem;
use crate::http::params::Params;
use crate::http::respond::{Problem, json};
use crate::tickets::face::{Face, Sources};
use crate::tickets::qr::QrCode;
use crate::tickets::{self, Broken};

/// The contents of a file.
#[derive(Debug, ToSchema)]
#[schema(value_type = String, format = Binary)]
#[expect(dead_code, reason = "only the document reads it")]
pub struct File(Vec<u8>);

/// A link that puts a ticket into a wallet.
#[derive(Debug, Serialize, ToSchema)]
pub struct SaveLinkView {
    /// For the buyer to open. Whoever has it has the ticket.
    url: String,
}

/// The valid tickets of an order as a document to print: one page of A4 each.
#[utoipa::path(
    get, path = "/orders/{code}/tickets.pdf", operation_id = "get_tickets_pdf", tag = "tickets",
    params(("code" = String, Path), ("item" = Option<u64>, Query, description = "Only this item's"), ("operator_id" = Option<u64>, Query)),
    responses((status = 200, body = File, content_type = "application/pdf")),
    extensions(("x-codes" = json!("ORDER_NOT_FOUND ORDER_ITEM_INVALID PRODUCT_STATE_INVALID NOT_FOUND"))),
)]
pub async fn pdf(clerk: Clerk<HandsOut>, PathCode(code): PathCode, params: Params) -> Result<Response, Problem> {
    let mut checks = Checks::new();
    let item = params.id(&mut checks, "item").map(ItemId);
    let item = checks.done(item)?;
    let order = clerk.order(code).await?;
    let faces = clerk.faces(&order, item).await?;
    let drawn = clerk.app.http.drawing.run(move || tickets::pdf(&faces)).await?;
    Ok(file(drawn.map_err(broken)?, "application/pdf", &format!("{code}.pdf")))
}

/// The code of a valid ticket, as a picture that is sharp at any size.
#[utoipa::path(
    get, path = "/orders/{code}/items/{id}/qr.svg", operation_id = "get_ticket_qr_svg", tag = "tickets",
    params(("code" = String, Path), ("id" = u64, Path), ("operator_id" = Option<u64>, Query)),
    responses((status = 200, body = String, content_type = "image/svg+xml")),
    extensions(("x-codes" = json!("ORDER_NOT_FOUND ORDER_ITEM_INVALID PRODUCT_STATE_INVALID NOT_FOUND"))),
)]
pub async fn qr_svg(clerk: Clerk<HandsOut>, PathCode(code): PathCode, PathItem(item): PathItem) -> Result<Response, Problem> {
    let code = clerk.qr(code, item).await?;
    Ok(file(code.svg().into_bytes(), "image/svg+xml", &format!("{item}.svg")))
}

/// The code of a valid ticket, as a picture of 600 pixels or a little more.
#[utoipa::path(
    get, path = "/orders/{code}/items/{id}/qr.png", operation_id = "get_ticket_qr_png", tag = "tickets",
    params(("code" = String, Path), ("id" = u64, Path), ("operator_id" = Option<u64>, Query)),
    responses((status = 200, body = File, content_type = "image/png")),
    extensions(("x-codes" = json!("ORDER_NOT_FOUND ORDER_ITEM_INVALID PRODUCT_STATE_INVALID NOT_FOUND"))),
)]
pub async fn qr_png(clerk: Clerk<HandsOut>, PathCode(code): PathCode, PathItem(item): PathItem) -> Result<Response, Problem> {
    let code = clerk.qr(code, item).await?;
    let drawn = clerk.app.http.drawing.run(move || code.png()).await?;
    Ok(file(drawn.map_err(broken)?, "image/png", &format!("{item}.png")))
}

/// A valid ticket as a pass for Apple Wallet; `NOT_FOUND` where none are issued.
#[utoipa::path(
    get, path = "/orders/{code}/items/{id}/pass.pkpass", operation_id = "get_apple_wallet_pass", tag = "tickets",
    params(("code" = String, Path), ("id" = u64, Path), ("operator_id" = Option<u64>, Query)),
    responses((status = 200, body = File, content_type = "application/vnd.apple.pkpass")),
    extensions(("x-codes" = json!("ORDER_NOT_FOUND ORDER_ITEM_INVALID PRODUCT_STATE_INVALID NOT_FOUND"))),
)]
pub async fn apple_pass(clerk: Clerk<HandsOut>, PathCode(code): PathCode, PathItem(item): PathItem) -> Result<Response, Problem> {
    let face = clerk.face(code, item).await?;
    let (wallets, shard, now) = (clerk.app.config.wallets.clone(), clerk.shard, clerk.now);
    let pass = clerk.app.http.drawing.run(move || Some(wallets.apple.as_ref()?.pass(&face, shard, now))).await?;
    let pass = pass.ok_or_else(|| not_issued("Apple Wallet"))?.map_err(broken)?;
    Ok(file(pass, "application/vnd.apple.pkpass", &format!("{item}.pkpass")))
}

/// A link that puts a valid ticket into Google Wallet; `NOT_FOUND` where none are issued.
#[utoipa::path(
    get, path = "/orders/{code}/items/{id}/google-wallet", operation_id = "get_google_wallet_link", tag = "tickets",
    params(("code" = String, Path), ("id" = u64, Path), ("operator_id" = Option<u64>, Query)),
    responses((status = 200, body = SaveLinkView)),
    extensions(("x-codes" = json!("ORDER_NOT_FOUND ORDER_ITEM_INVALID PRODUCT_STATE_INVALID NOT_FOUND"))),
)]
pub async fn google_pass(clerk: Clerk<HandsOut>, PathCode(code): PathCode, PathItem(item): PathItem) -> Result<Response, Problem> {
    let face = clerk.face(code, item).await?;
    let (wallets, shard, now) = (clerk.app.config.wallets.clone(), clerk.shard, clerk.now);
    let link = clerk.app.http.drawing.run(move || Some(wallets.google.as_ref()?.link(&face, shard, now))).await?;
    let url = link.ok_or_else(|| not_issued("Google Wallet"))?.map_err(broken)?;
    let mut response = json(&SaveLinkView { url });
    response.headers_mut().insert(CACHE_CONTROL, NEVER_KEPT);
    Ok(response)
}

impl Clerk<HandsOut> {
    /// The valid tickets of an order in the order of its items, or the one of an item.
    ///
    /// # Errors
    /// `ORDER_ITEM_INVALID` if the item is not the order's; `PRODUCT_STATE_INVALID` if it has no valid ticket: it is not sold, or not any more.
    async fn tickets(&self, order: &Arc<Order>, item: Option<ItemId>) -> Result<Vec<Ticket>, Problem> {
        let ids: Vec<_> = order.items.iter().map(|item| item.id).filter(|id| item.is_none_or(|item| item == *id)).collect();
        if let Some(item) = item.filter(|_| ids.is_empty()) {
            return Err(Error::new(Code::OrderItemInvalid).with_details([item]).into());
        }
        // What is not sold has none.
        let (shard, asked) = (self.shard, ids.clone());
        let tickets = self.read(move |reader| reader.tickets_of(shard, &asked)).await?;
        let tickets = tickets::valid(tickets, order);
        if tickets.is_empty() {
            return Err(Error::new(Code::ProductStateInvalid).with_details(ids).into());
        }
        Ok(tickets)
    }

    async fn faces(&self, order: &Arc<Order>, item: Option<ItemId>) -> Result<Vec<Face>, Problem> {
        let tickets = self.tickets(order, item).await?;
        // The newest: that of the request's beginning may not know a session that was put on sale since.
        let newest = self.app.engine.views().shard(self.shard);
        let view = newest.as_ref().unwrap_or(&self.view);
        let sources = Sources { catalogue: &view.catalogue, identity: &view.identity, zones: &self.app.http.zones };
        let faces: Option<Vec<_>> = tickets.iter().map(|ticket| Face::of(ticket, order, sources)).collect();
        Ok(faces.ok_or_else(|| Error::new(Code::Dist0000).because("a ticket without its session"))?)
    }

    async fn face(&self, code: OrderCode, item: ItemId) -> Result<Face, Problem> {
        let order = self.order(code).await?;
        Ok(self.faces(&order, Some(item)).await?.pop().ok_or(Code::ProductStateInvalid)?)
    }

    async fn qr(&self, code: OrderCode, item: ItemId) -> Result<QrCode, Problem> {
        let order = self.order(code).await?;
        let ticket = self.tickets(&order, Some(item)).await?.pop().ok_or(Code::ProductStateInvalid)?;
        QrCode::of(ticket.barcode.as_str()).map_err(broken)
    }
}

/// Whoever has a ticket can come in by it, so that no cache keeps one.
const NEVER_KEPT: HeaderValue = HeaderValue::from_static("private, no-store");

fn file(bytes: Vec<u8>, kind: &'static str, name: &str) -> Response {
    let named = format!("inline; filename=\"{name}\"");
    ([(CONTENT_TYPE, HeaderValue::from_static(kind)), (CACHE_CONTROL, NEVER_KEPT)], [(CONTENT_DISPOSITION, named)], bytes).into_response()
}

fn not_issued(wallet: &str) -> Problem {
    Error::new(Code::NotFound).with_details([DetailId::Text(format!("no passes for {wallet} are issued here"))]).into()
}

fn broken(broken: Broken) -> Problem {
    Error::new(Code::Dist0000).because(broken.to_string()).into()
}
