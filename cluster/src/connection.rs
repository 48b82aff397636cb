//! A connection to a scheduler.

use std::future::poll_fn;

use ballista_core::serde::protobuf::scheduler_grpc_client::SchedulerGrpcClient;
use ballista_core::utils::{GrpcClientConfig, create_grpc_client_endpoint};
use tonic::body::Body;
use tonic::codegen::Service;
use tonic::codegen::http::{Request, StatusCode};
use tonic::transport::Channel;

use crate::address::Address;
use crate::scheduler::MESSAGE_BYTES;

/// An open connection; clones share it.
#[derive(Debug, Clone)]
pub struct Connection {
    channel: Channel,
}

impl Connection {
    /// Connects; the error says why nobody answered.
    pub async fn open(scheduler: &Address) -> Result<Connection, String> {
        let settings = GrpcClientConfig {
            connect_timeout_seconds: 5,
            // A slice of many megabytes over a slow line is one request. The slice's own deadline is shorter.
            timeout_seconds: 24 * 3600,
            tcp_keepalive_seconds: 30,
            http2_keepalive_interval_seconds: 20,
            ..GrpcClientConfig::default()
        };
        let endpoint = create_grpc_client_endpoint(scheduler.url(), Some(&settings))
            .map_err(|e| e.to_string())?;
        match endpoint.connect().await {
            Ok(channel) => Ok(Connection { channel }),
            Err(error) => Err(root(&error)),
        }
    }

    /// The scheduler's own calls.
    pub fn client(&self) -> SchedulerGrpcClient<Channel> {
        let most = MESSAGE_BYTES as usize;
        SchedulerGrpcClient::new(self.channel.clone())
            .max_encoding_message_size(most)
            .max_decoding_message_size(most)
    }

    /// Whether any executor is connected to the scheduler. No call tells, but its readiness page does.
    pub async fn has_executors(&self) -> Result<bool, String> {
        let mut channel = self.channel.clone();
        poll_fn(|context| channel.poll_ready(context))
            .await
            .map_err(|e| root(&e))?;
        let request = Request::get("/readyz")
            .body(Body::empty())
            .map_err(|e| e.to_string())?;
        let answer = channel.call(request).await.map_err(|e| root(&e))?;
        match answer.status() {
            StatusCode::OK => Ok(true),
            StatusCode::SERVICE_UNAVAILABLE => Ok(false),
            other => Err(format!("its readiness page answers {other}")),
        }
    }
}

/// What an error comes down to: "connection refused" rather than "transport error".
fn root(error: &dyn std::error::Error) -> String {
    let mut error = error;
    while let Some(source) = error.source() {
        error = source;
    }
    error.to_string()
}
