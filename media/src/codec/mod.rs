//! openh264 and opus behind small traits; the only foreign code.
