//! The store on both databases.

mod door;
mod ledger;
mod queues;
