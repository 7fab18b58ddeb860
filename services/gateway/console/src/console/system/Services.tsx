import type { HouseHealth } from "../../api/health";
import { useReader } from "../../i18n/Reader";

type Service = HouseHealth["services"][number];

/** Every process of Weir, by what it is. */
export function Services({ services }: { services: Service[] }) {
  const { t } = useReader();
  return (
    <section className="system-part" aria-label={t.system.services}>
      <h2>{t.system.services}</h2>
      <ul className="rows">
        {services
          .toSorted((a, b) => a.kind.localeCompare(b.kind) || a.instance.localeCompare(b.instance))
          .map((service) => (
            <li key={service.instance} className="service">
              <strong>{service.kind}</strong>
              <code>{service.instance}</code>
              <span data-ready={service.is_ready}>
                {service.is_ready ? t.serviceReady : service.reason}
              </span>
            </li>
          ))}
      </ul>
    </section>
  );
}
