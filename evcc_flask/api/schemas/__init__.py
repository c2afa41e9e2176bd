"""What goes in and out, as marshmallow schemas; the OpenAPI document is made of them."""
