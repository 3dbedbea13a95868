// SPDX-License-Identifier: GPL-2.0-only
/*
 * phy.c - the PHY inside the part, on an MDIO bus of the kernel's, run by phylib.
 *
 * phylib decides what the link is; the control thread hears of it and adapts the MAC. The other way
 * round the MAC's link interrupt only makes phylib look at once, instead of at its next turn.
 */
#include <linux/bitfield.h>
#include <linux/iopoll.h>
#include <linux/mdio.h>

#include "xnic.h"

#define XNIC_PHY_ADDRESS	 1
#define XNIC_PHY_RX_ERRORS	 21   /* on page 0 */
#define XNIC_PHY_IDLE_ERRORS	 0xff /* of MII_STAT1000 */
/* An MDIO frame takes 64 clocks of 400 ns. */
#define XNIC_MDIC_TIMEOUT_US	 2000
/* The firmware may hold the PHY while it configures it after a reset. */
#define XNIC_MDIO_OWN_TIMEOUT_US 50000

static bool mdio_try_own(struct xnic_adapter *ad)
{
	u32 value = xnic_rd(ad, XNIC_EXTCNF_CTRL) | XNIC_EXTCNF_MDIO_SW_OWNED;

	xnic_wr(ad, XNIC_EXTCNF_CTRL, value);
	return xnic_rd(ad, XNIC_EXTCNF_CTRL) & XNIC_EXTCNF_MDIO_SW_OWNED;
}

/** xnic_mdio_own() - have the PHY, which the firmware uses too. ad->mdio_lock is held. May sleep.
 * Return: false if the firmware does not let go of it. */
bool xnic_mdio_own(struct xnic_adapter *ad)
{
	bool owned;

	return !read_poll_timeout(mdio_try_own, owned, owned, 2000, XNIC_MDIO_OWN_TIMEOUT_US, false,
				  ad);
}

/** xnic_mdio_disown() - undo xnic_mdio_own(), whether it came to anything or not. */
void xnic_mdio_disown(struct xnic_adapter *ad)
{
	xnic_wr(ad, XNIC_EXTCNF_CTRL, xnic_rd(ad, XNIC_EXTCNF_CTRL) & ~XNIC_EXTCNF_MDIO_SW_OWNED);
}

/* Return: the data read, or -errno. */
static int mdio_access(struct xnic_adapter *ad, u32 op, int address, int reg, u16 value)
{
	int err = -ETIMEDOUT;
	u32 mdic = 0;

	if (address != XNIC_PHY_ADDRESS)
		return -ENODEV;
	mutex_lock(&ad->mdio_lock);
	if (!xnic_mdio_own(ad))
		goto disown;
	xnic_wr(ad, XNIC_MDIC,
		FIELD_PREP(XNIC_MDIC_OP, op) | FIELD_PREP(XNIC_MDIC_PHY, address) |
			FIELD_PREP(XNIC_MDIC_REG, reg) | value);
	err = read_poll_timeout(xnic_rd, mdic, mdic & XNIC_MDIC_READY, 50, XNIC_MDIC_TIMEOUT_US,
				false, ad, XNIC_MDIC);
	/* A device that is gone reads as all ones, which has both bits set. */
	if (!err && mdic & XNIC_MDIC_ERROR)
		err = -EIO;

disown:
	xnic_mdio_disown(ad);
	mutex_unlock(&ad->mdio_lock);
	/* phylib takes an error for a defect of the kernel and warns. A PHY that reads as zeros has
	 * no link, which is the truth.
	 */
	if (!READ_ONCE(ad->regs))
		return 0;
	return err ? err : (int)FIELD_GET(XNIC_MDIC_DATA, mdic);
}

static int xnic_mdio_read(struct mii_bus *bus, int address, int reg)
{
	return mdio_access(bus->priv, XNIC_MDIC_OP_READ, address, reg, 0);
}

static int xnic_mdio_write(struct mii_bus *bus, int address, int reg, u16 value)
{
	int err = mdio_access(bus->priv, XNIC_MDIC_OP_WRITE, address, reg, value);

	return min(err, 0);
}

/* phylib's thread, with the PHY's lock held. */
static void xnic_adjust_link(struct net_device *netdev)
{
	struct xnic_adapter *ad = netdev_priv(netdev);

	phy_print_status(ad->phydev);
	xnic_notify(ad, &ad->link_change);
}

/**
 * xnic_phy_hung() - whether the PHY is stuck, which it is (on this part) when both of its counts of
 * errors, of receptions and of idle symbols, are at their ends. Reading clears them.
 * @ad: the port, which is open.
 */
bool xnic_phy_hung(struct xnic_adapter *ad)
{
	return phy_read(ad->phydev, XNIC_PHY_RX_ERRORS) == 0xffff &&
	       (phy_read(ad->phydev, MII_STAT1000) & XNIC_PHY_IDLE_ERRORS) == XNIC_PHY_IDLE_ERRORS;
}

/**
 * xnic_phy_attach() - find the PHY and connect it to the net device. In probe, after a reset.
 * @ad: the port.
 */
int xnic_phy_attach(struct xnic_adapter *ad)
{
	struct mii_bus *bus = mdiobus_alloc();
	int err;

	if (!bus)
		return -ENOMEM;
	bus->name = XNIC_NAME;
	bus->priv = ad;
	bus->read = xnic_mdio_read;
	bus->write = xnic_mdio_write;
	bus->parent = &ad->pdev->dev;
	bus->phy_mask = (u32)~BIT(XNIC_PHY_ADDRESS);
	snprintf(bus->id, MII_BUS_ID_SIZE, XNIC_NAME "-%s", pci_name(ad->pdev));
	err = mdiobus_register(bus);
	if (err)
		goto free_bus;
	ad->mdio = bus;
	ad->phydev = phy_find_first(bus);
	if (!ad->phydev) {
		err = -ENODEV;
		goto unregister_bus;
	}
	ad->phydev->mac_managed_pm = true;
	err = phy_connect_direct(ad->netdev, ad->phydev, xnic_adjust_link,
				 PHY_INTERFACE_MODE_INTERNAL);
	if (err)
		goto unregister_bus;
	/* Half duplex at 1000 Mbit/s is not in the MAC. */
	phy_remove_link_mode(ad->phydev, ETHTOOL_LINK_MODE_1000baseT_Half_BIT);
	phy_support_asym_pause(ad->phydev);
	ad->pause = (struct xnic_pause){ .autoneg = true, .rx = true, .tx = true };
	phy_set_asym_pause(ad->phydev, ad->pause.rx, ad->pause.tx);
	return 0;

unregister_bus:
	mdiobus_unregister(bus);
free_bus:
	mdiobus_free(bus);
	return err;
}

/** xnic_phy_detach() - undo xnic_phy_attach(). */
void xnic_phy_detach(struct xnic_adapter *ad)
{
	phy_disconnect(ad->phydev);
	mdiobus_unregister(ad->mdio);
	mdiobus_free(ad->mdio);
}
