"""A stack's application, numbers and audio at Telnyx: planned, made, recorded, and taken down again."""
