//! What gift vouchers a channel sells, and the voucher orders that it sold. There is one configuration a channel, which is replaced as a whole.

use std::sync::Arc;

use aforo_domain::command::{Command, Reply};
use aforo_domain::error::{Code, Error};
use aforo_domain::identity::manage::find;
use aforo_domain::identity::{Channel, Status};
use aforo_domain::ids::{ChannelId, GiftImageId, VoucherGroupId};
use aforo_domain::money::Currency;
use aforo_domain::voucher_orders::manage::{GiftCommand, GiftVouchersSpec, MAX_DAYS_AHEAD, MAX_LIFE_DAYS};
use aforo_domain::voucher_orders::{AmountRange, GiftImage, GiftVouchers};
use axum::response::Response;
use serde::{Deserialize, Serialize};

use super::catalogue::label;
use super::channel_terms::{NamesBody, NamesView, names};
use super::lists::Paged;
use super::{IfMatch, read, words, written};
use crate::api::distribution::voucher_order_view::VoucherOrderView;
use crate::api::distribution::voucher_orders::{AmountRangeView, deliveries};
use crate::http::call::Call;
use crate::http::checks::{Checks, MAX_ELEMENTS};
use crate::http::extract::{Allowed, ChannelManagers, Manager, PathId, Readers};
use crate::http::params::{MAX_OFFSET, Params};
use crate::http::respond::{Problem, json, unexpected};
use crate::http::wire::{List, Metadata, Money, Num};

/// So many days ahead a voucher may be sent unless the channel says otherwise.
const USUAL_DAYS_AHEAD: u32 = 90;

/// What gift vouchers a channel sells.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct GiftVouchersConfigView<'a> {
    channel_id: u64,
    /// `ACTIVE` or `INACTIVE`.
    status: &'static str,
    /// What they become vouchers of.
    voucher_group_id: u64,
    currency: &'a str,
    amounts: Vec<Money>,
    #[serde(skip_serializing_if = "Option::is_none")]
    range: Option<AmountRangeView>,
    images: Vec<GiftImageConfigView<'a>>,
    /// `EMAIL`, `NONE` or both.
    deliveries: Vec<&'static str>,
    max_days_ahead: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    life_days: Option<u32>,
}

/// A picture of a gift voucher.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct GiftImageConfigView<'a> {
    id: u64,
    url: &'a str,
    name: &'a str,
    texts: NamesView,
}

/// What gift vouchers a channel shall sell.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
pub struct GiftVouchersConfigBody {
    /// `ACTIVE` (if it is left out) or `INACTIVE`.
    status: Option<String>,
    /// What they become vouchers of: a group within the caller's reach.
    #[schema(required = true)]
    voucher_group_id: Option<Num>,
    /// One of the group's; may be left out where it has only one.
    currency: Option<String>,
    /// What one may be worth: up to 50. These, a `range` or both.
    amounts: Option<Vec<Num>>,
    range: Option<AmountRangeBody>,
    /// Pictures to choose from: up to 50.
    images: Option<Vec<GiftImageBody>>,
    /// `EMAIL` (codes are sent to their receivers), `NONE` (the seller hands them out) or both.
    #[schema(required = true)]
    deliveries: Option<Vec<String>>,
    /// So many days ahead one may be sent at most: 0 to 366, else 90.
    max_days_ahead: Option<Num>,
    /// So many days after its sale a voucher is over: 1 to 3 660, more than `max_days_ahead` where they are sent; else it is not.
    life_days: Option<Num>,
}

/// Amounts from one to another in steps.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
pub struct AmountRangeBody {
    #[schema(required = true)]
    min: Option<Num>,
    #[schema(required = true)]
    max: Option<Num>,
    #[schema(required = true)]
    step: Option<Num>,
}

/// A picture of a gift voucher.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
pub struct GiftImageBody {
    /// Once in the channel.
    #[schema(required = true)]
    id: Option<Num>,
    /// Where it is: `https://...`.
    #[schema(required = true)]
    url: Option<String>,
    #[schema(required = true)]
    name: Option<String>,
    texts: Option<NamesBody>,
}

impl GiftVouchersConfigBody {
    /// Amounts can only be read in a currency: without one that is what is answered.
    fn read<A: Allowed>(&self, manager: &Manager<A>) -> Result<GiftVouchersSpec, Problem> {
        let mut checks = Checks::new();
        let group = checks.id("voucher_group_id", self.voucher_group_id.as_ref());
        let currency = checks.formed("currency", self.currency.as_deref(), Currency::parse);
        let group = checks.done(VoucherGroupId(group))?;
        let known = manager.voucher_group(group.0).map_err(|_| Error::invalid(&["voucher_group_id"]))?;
        let only = if let [only] = known.currencies.as_slice() { Some(*only) } else { None };
        let currency = currency.or(only).ok_or_else(|| Error::required(&["currency"]))?;
        let mut checks = Checks::new();
        let (by_email, by_hand) = self.read_deliveries(&mut checks);
        let days = |checks: &mut Checks, name, days: Option<&Num>, range| checks.optional_whole(name, days, range).map(|days| days as u32);
        let ahead = days(&mut checks, "max_days_ahead", self.max_days_ahead.as_ref(), 0..=u64::from(MAX_DAYS_AHEAD));
        let spec = GiftVouchersSpec {
            status: checks.one_of("status", self.status.as_deref(), words::STATUS).unwrap_or(Status::Active),
            group,
            currency,
            amounts: self.read_amounts(&mut checks, currency),
            range: self.range.as_ref().map(|range| range.read(&mut checks, currency)),
            images: bounded(&mut checks, "images", self.images.as_deref()).iter().map(|image| Arc::new(image.read(&mut checks))).collect(),
            by_email,
            by_hand,
            max_days_ahead: ahead.unwrap_or(USUAL_DAYS_AHEAD),
            life_days: days(&mut checks, "life_days", self.life_days.as_ref(), 1..=u64::from(MAX_LIFE_DAYS)),
        };
        checks.done(spec)
    }

    fn read_amounts(&self, checks: &mut Checks, currency: Currency) -> Vec<i64> {
        let list = bounded(checks, "amounts", self.amounts.as_deref());
        let mut amounts: Vec<_> = list.iter().map(|amount| checks.amount("amounts", Some(amount), currency)).collect();
        amounts.sort_unstable();
        amounts.dedup();
        amounts
    }

    /// Whether they are sent, and whether they are handed out.
    fn read_deliveries(&self, checks: &mut Checks) -> (bool, bool) {
        let list = checks.list("deliveries", self.deliveries.as_deref());
        let words = [("EMAIL", true), ("NONE", false)];
        let read: Vec<_> = list.iter().filter_map(|word| checks.one_of("deliveries", Some(word), &words)).collect();
        (read.contains(&true), read.contains(&false))
    }
}

impl AmountRangeBody {
    fn read(&self, checks: &mut Checks, currency: Currency) -> AmountRange {
        AmountRange {
            min: checks.amount("range.min", self.min.as_ref(), currency),
            max: checks.amount("range.max", self.max.as_ref(), currency),
            step: checks.amount("range.step", self.step.as_ref(), currency),
        }
    }
}

impl GiftImageBody {
    fn read(&self, checks: &mut Checks) -> GiftImage {
        let is_address = |url: &str| url.starts_with("https://") || url.starts_with("http://");
        let url = label(checks, "images.url", self.url.as_deref(), None);
        if !url.is_empty() && !is_address(&url) {
            checks.bad_format("images.url", &url);
        }
        GiftImage {
            id: GiftImageId(checks.id("images.id", self.id.as_ref())),
            url,
            name: label(checks, "images.name", self.name.as_deref(), None),
            names: names(checks, "images.texts.name", self.texts.as_ref()),
        }
    }
}

/// A list that may be left out and is not too long to look at.
fn bounded<'a, T>(checks: &mut Checks, name: &str, list: Option<&'a [T]>) -> &'a [T] {
    let list = list.unwrap_or_default();
    if list.len() > MAX_ELEMENTS {
        checks.bad_value(name);
        return &[];
    }
    list
}

fn view(offer: &GiftVouchers) -> GiftVouchersConfigView<'_> {
    GiftVouchersConfigView {
        channel_id: offer.channel.0,
        status: words::show(words::STATUS, &offer.status),
        voucher_group_id: offer.group.0,
        currency: offer.currency.code(),
        amounts: offer.amounts.iter().map(|amount| Money::of(offer.currency, *amount)).collect(),
        range: AmountRangeView::of(offer),
        images: offer.images.iter().map(|image| image_view(image)).collect(),
        deliveries: deliveries(offer),
        max_days_ahead: offer.max_days_ahead,
        life_days: offer.life_days,
    }
}

fn image_view(image: &GiftImage) -> GiftImageConfigView<'_> {
    GiftImageConfigView { id: image.id.0, url: &image.url, name: &image.name, texts: NamesView::of(&image.names) }
}

impl<A: Allowed> Manager<A> {
    /// A channel within the caller's reach.
    ///
    /// # Errors
    /// `NOT_FOUND`.
    fn channel_within_reach(&self, id: u64) -> Result<&Channel, Problem> {
        let channel = find(&self.view.identity.channels, ChannelId(id))?;
        if self.reach()?.covers(channel.entity) { Ok(channel) } else { Err(Code::NotFound.into()) }
    }

    /// What gift vouchers a channel sells, as it is now.
    fn gift_vouchers(&self, id: u64) -> Result<Arc<GiftVouchers>, Problem> {
        let channel = self.channel_within_reach(id)?;
        Ok(self.catalogue().gift_vouchers.get(&channel.id).ok_or(Code::NotFound)?.clone())
    }
}

/// Reads what gift vouchers a channel sells: `NOT_FOUND` until it was said.
#[utoipa::path(
    get, path = "/channels/{id}/gift-vouchers", operation_id = "get_gift_vouchers", tag = "vouchers",
    params(("id" = u64, Path), ("operator_id" = Option<u64>, Query)), responses((status = 200, body = GiftVouchersConfigView)),
    extensions(("x-codes" = json!("NOT_FOUND"))),
)]
pub async fn get(manager: Manager<Readers>, PathId(id): PathId) -> Result<Response, Problem> {
    let offer = manager.gift_vouchers(id)?;
    Ok(read(&view(&offer), offer.version))
}

/// Says what gift vouchers a channel sells: all of it, what is left out is as usual. Orders that are made already keep the terms they were made on.
#[utoipa::path(
    put, path = "/channels/{id}/gift-vouchers", operation_id = "set_gift_vouchers", tag = "vouchers",
    params(("id" = u64, Path), ("operator_id" = Option<u64>, Query), ("If-Match" = Option<String>, Header)),
    request_body = GiftVouchersConfigBody, responses((status = 200, body = GiftVouchersConfigView)),
    extensions(("x-codes" = json!("DIST0001 NOT_FOUND CONFLICT"))),
)]
pub async fn set(
    manager: Manager<ChannelManagers>,
    PathId(id): PathId,
    IfMatch(seen): IfMatch,
    call: Call<GiftVouchersConfigBody>,
) -> Result<Response, Problem> {
    let channel = manager.channel_within_reach(id)?.id;
    let spec = call.body.read(&manager)?;
    let answered = manager.run(&call, Command::GiftVouchers(channel, GiftCommand::Offer(seen, spec))).await?;
    let offer = manager.gift_vouchers(id)?;
    Ok(written(&answered, &view(&offer), offer.version))
}

/// Lists the voucher orders that a channel has sold, the newest first.
#[utoipa::path(
    get, path = "/channels/{id}/voucher-orders", operation_id = "list_voucher_orders", tag = "vouchers", params(("id" = u64, Path), Paged),
    responses((status = 200, body = List<VoucherOrderView>)), extensions(("x-codes" = json!("NOT_FOUND"))),
)]
pub async fn sold(manager: Manager<ChannelManagers>, PathId(id): PathId, params: Params) -> Result<Response, Problem> {
    let mut checks = Checks::new();
    let paging = params.paging(&mut checks, MAX_OFFSET);
    let paging = checks.done(paging)?;
    let command = Command::GiftVouchers(ChannelId(id), GiftCommand::Sold(paging.offset, paging.limit));
    let answered = manager.run_in(manager.shard, command).await?;
    let Reply::VoucherOrders(total, orders) = &answered.reply else { return Err(unexpected(&answered.reply)) };
    let metadata = Metadata { limit: paging.limit, total: *total, offset: paging.offset };
    Ok(json(&List { metadata, data: orders.iter().map(|order| VoucherOrderView::of(order, &[])).collect() }))
}
