//! How images of what is sold change a World: each offer holds all that it refers to, so whatever changes is put into the offers that show it.

use std::sync::Arc;

use super::World;
use crate::barcodes::BarcodeSource;
use crate::catalogue::plan::Plan;
use crate::catalogue::{Offer, Session, Template};
use crate::change::Row;
use crate::inventory::Inventory;
use crate::promotions::Promotion;

impl World {
    pub(super) fn put_catalogue(&mut self, row: &Row) {
        let catalogue = Arc::make_mut(&mut self.catalogue);
        match row {
            Row::Venue(venue) => {
                catalogue.venues.insert(venue.id, venue.clone());
                self.change_offers(|offer| offer.venue.id == venue.id, |offer| offer.venue = venue.clone());
            }
            Row::Sector(sector) => {
                catalogue.sectors.insert((sector.template, sector.id), sector.clone());
            }
            Row::Event(event) => {
                catalogue.events.insert(event.id, event.clone());
                self.change_offers(|offer| offer.event.id == event.id, |offer| offer.event = event.clone());
                let is_in = |offer: &Offer| offer.members.iter().any(|member| member.event.id == event.id);
                self.change_offers(is_in, |offer| {
                    let theirs = offer.members.iter_mut().filter(|member| member.event.id == event.id);
                    theirs.for_each(|member| member.event = event.clone());
                });
            }
            Row::Product(product) => drop(catalogue.products.insert(product.id, product.clone())),
            Row::VoucherGroup(group) => drop(catalogue.voucher_groups.insert(group.id, group.clone())),
            Row::Collective(collective) => drop(catalogue.collectives.insert(collective.id, collective.clone())),
            Row::Commissions(row) => drop(catalogue.commissions.insert(row.channel, row.clone())),
            Row::GiftVouchers(offer) => drop(catalogue.gift_vouchers.insert(offer.channel, offer.clone())),
            Row::Publication(publication) => {
                self.change_offers(
                    |offer| offer.session.id == publication.session,
                    |offer| {
                        offer.publications.insert(publication.channel, publication.clone());
                    },
                );
            }
            _ => {}
        }
    }

    pub(super) fn put_promotion(&mut self, promotion: &Arc<Promotion>) {
        let before = Arc::make_mut(&mut self.catalogue).promotions.insert(promotion.id, promotion.clone());
        let was_automatic = before.is_some_and(|before| before.terms.is_automatic());
        if !was_automatic && !promotion.terms.is_automatic() {
            return;
        }
        self.change_offers(
            |offer| offer.event.entity == promotion.terms.entity,
            |offer| {
                offer.automatic.retain(|known| known.id != promotion.id);
                if promotion.comes_with(&offer.event, offer.session.id) {
                    offer.automatic.push(promotion.clone());
                    offer.automatic.sort_by_key(|promotion| promotion.terms.turn());
                }
            },
        );
    }

    pub(super) fn put_template(&mut self, template: &Arc<Template>) {
        let catalogue = Arc::make_mut(&mut self.catalogue);
        let sectors = template.sectors.iter().filter_map(|id| catalogue.sectors.get(&(template.id, *id)).cloned()).collect();
        let plan = Plan::compile(template.clone(), sectors).map(Arc::new);
        let plan = plan.unwrap_or_else(|error| panic!("template {} was stored but does not compile: {error}", template.id));
        catalogue.plans.insert(template.id, plan.clone());
        self.change_offers(|offer| offer.session.template == template.id, |offer| offer.plan = plan.clone());
        for inventory in self.inventories.values_mut().filter(|inventory| inventory.plan.template.id == template.id) {
            inventory.plan = plan.clone();
        }
    }

    pub(super) fn put_session(&mut self, session: &Arc<Session>) {
        let catalogue = Arc::make_mut(&mut self.catalogue);
        let event = catalogue.events[&session.event].clone();
        let plan = catalogue.plans[&session.template].clone();
        let venue = catalogue.venues[&plan.template.venue].clone();
        let before = catalogue.offers.get(&session.id).cloned();
        let publications = before.as_ref().map(|offer| offer.publications.clone()).unwrap_or_default();
        let comes = |promotion: &&Arc<Promotion>| promotion.comes_with(&event, session.id);
        let mut automatic: Vec<_> = catalogue.promotions.values().filter(comes).cloned().collect();
        automatic.sort_by_key(|promotion| promotion.terms.turn());
        let members = Vec::new();
        let offer = Offer { session: session.clone(), event, venue, plan: plan.clone(), publications, automatic, members };
        catalogue.offers.insert(session.id, Arc::new(offer));
        if session.barcodes == BarcodeSource::Imported {
            self.pools.open(session.id);
        }
        self.inventories.entry(session.id).or_insert_with(|| Inventory::new(plan));
        self.changed_sessions.insert(session.id);
        self.put_season(session, before.as_deref().map(|offer| offer.session.as_ref()));
    }

    pub(super) fn change_offers(&mut self, which: impl Fn(&Offer) -> bool, change: impl Fn(&mut Offer)) {
        for offer in Arc::make_mut(&mut self.catalogue).offers.values_mut().filter(|offer| which(offer)) {
            let mut new = Offer::clone(offer);
            change(&mut new);
            *offer = Arc::new(new);
        }
    }
}
