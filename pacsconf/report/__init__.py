"""What people and machines read: screens, markdown and JSON, made from core values. Pure: nothing prints here."""
