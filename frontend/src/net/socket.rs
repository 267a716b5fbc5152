//! The only file that touches the browser's WebSocket.
